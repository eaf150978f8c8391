#include "coordinator/security/book.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/hash.hpp"
#include "common/model/json.hpp"

namespace fieldline::security {
namespace {

Result<Grants> grants_of(const std::string& text, const std::string& place) {
  Grants grants;
  if (auto read = from_json(Json::parse(text, nullptr, false), grants); !read)
    return fail(ErrorCode::kCorrupt, read.error().message, place);
  return grants;
}

bool has_admin_user(const Book& book) {
  return std::ranges::any_of(book.users, [](const auto& entry) { return is_admin(entry.second.grants); });
}

// Which one that expires is not: its end would lock everybody out.
bool has_admin_token(const Book& book) {
  return std::ranges::any_of(book.tokens, [](const auto& entry) {
    const Token& token = entry.second;
    return token.owner.empty() && !token.expires && is_admin(token.grants);
  });
}

}  // namespace

std::string revision_of(const User& user) {
  return blake2b_hex(fmt::format("{}\n{}\n{}", user.name, user.created.time_since_epoch().count(),
                                 user.changed.time_since_epoch().count()));
}

const Token* Book::token_named(std::string_view name) const {
  const auto found =
      std::ranges::find_if(tokens, [&](const auto& entry) { return entry.second.name == name; });
  return found == tokens.end() ? nullptr : &found->second;
}

Result<User> user_of(const database::UserRow& row) {
  auto grants = grants_of(row.grants, fmt::format("users, {}", row.name));
  if (!grants) return fail(std::move(grants.error()));
  return User{row.name, row.password, std::move(*grants), row.created, row.changed};
}

Result<Token> token_of(const database::TokenRow& row) {
  auto grants = grants_of(row.grants, fmt::format("tokens, {}", row.name));
  if (!grants) return fail(std::move(grants.error()));
  Token token{row.hash, row.name, row.owner, std::move(*grants), row.created, std::nullopt};
  if (row.expires != Timestamp()) token.expires = row.expires;
  return token;
}

database::UserRow row_of(const User& user) {
  return {user.name, user.password, to_json(user.grants).dump(), user.created, user.changed};
}

database::TokenRow row_of(const Token& token) {
  return {token.hash,    token.name,
          token.owner,   to_json(token.grants).dump(),
          token.created, token.expires.value_or(Timestamp())};
}

Result<> check_administrators(const Book& before, const Book& after) {
  const bool lost_user = has_admin_user(before) && !has_admin_user(after);
  const bool lost_all = !has_admin_user(after) && !has_admin_token(after);
  if (lost_user || lost_all)
    return fail(ErrorCode::kConflict, "this is the last administrator: make another one first");
  return {};
}

}  // namespace fieldline::security
