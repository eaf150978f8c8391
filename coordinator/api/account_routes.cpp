#include "common/model/names.hpp"
#include "coordinator/api/answers.hpp"
#include "coordinator/api/limits.hpp"
#include "coordinator/api/media.hpp"

namespace fieldline::api {

using security::Grants;
using security::Permission;
using security::Principal;
using security::Token;
using security::User;

namespace {

struct WantedUser {
  Grants grants;
  std::optional<std::string> password;

  static constexpr auto fields =
      fields_in_order(required("grants", &WantedUser::grants), defaulted("password", &WantedUser::password));
};

struct WantedToken {
  std::optional<Timestamp> expires;
  std::optional<Grants> grants;
  std::string name;
  std::optional<std::string> user;

  static constexpr auto fields =
      fields_in_order(defaulted("expires", &WantedToken::expires), defaulted("grants", &WantedToken::grants),
                      required("name", &WantedToken::name), defaulted("user", &WantedToken::user));
};

Json show_user(const User& user) {
  return {{"name", user.name},
          {"grants", to_json(user.grants)},
          {"created", format_rfc3339(user.created)},
          {"changed", format_rfc3339(user.changed)},
          {"has_password", !user.password.empty()}};
}

Json show_token(const Token& token) {
  Json json{{"name", token.name}, {"created", format_rfc3339(token.created)}};
  if (token.owner.empty())
    json["grants"] = to_json(token.grants);
  else
    json["user"] = token.owner;
  if (token.expires) json["expires"] = format_rfc3339(*token.expires);
  return json;
}

Error no_such(std::string_view noun, const std::string& name) {
  return {ErrorCode::kNotFound, fmt::format("there is no {} named '{}'", noun, name), {}, {}};
}

Result<> check_account_name(const std::string& name, const std::string& pointer) {
  if (is_name(name)) return {};
  return fail(ErrorCode::kInvalid, fmt::format("'{}' is not a legal name", name), pointer);
}

Result<> check_some_grants(const Grants& grants) {
  if (grants.empty()) return fail(ErrorCode::kInvalid, "there must be a grant", "/grants");
  return security::check_grants(grants);
}

// A page of `rows`, by name: {"<plural>": [...], "next": "..."}.
void list_rows(const Request& request, const Reply& reply, std::string_view plural,
               const std::map<std::string, Json>& rows) {
  const auto limit = limit_option(request, kPageSize, kLargestPage);
  if (!limit) return reply.fail(limit.error());
  const auto after = cursor_option(request);
  if (!after) return reply.fail(after.error());
  auto page = Json::array();
  auto at = after->empty() ? rows.begin() : rows.upper_bound(*after);
  for (; at != rows.end() && page.size() < static_cast<std::size_t>(*limit); ++at) page.push_back(at->second);
  const auto next = at == rows.end() ? "" : make_cursor(std::prev(at)->first);
  reply.send(json_response(200, {{plural, std::move(page)}, {"next", next}}));
}

void list_users(const Rooms& rooms, const Request& request, const Reply& reply) {
  std::map<std::string, Json> rows;
  const auto book = rooms.security.accounts().book();
  for (const auto& [name, user] : book->users) rows.emplace(name, show_user(user));
  list_rows(request, reply, "users", rows);
}

void get_user(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto book = rooms.security.accounts().book();
  const auto found = book->users.find(request.param("name"));
  if (found == book->users.end()) return reply.fail(no_such("user", request.param("name")));
  auto response = json_response(200, show_user(found->second));
  response.headers.add("ETag", etag(revision_of(found->second)));
  reply.send(std::move(response));
}

security::Accounts::Precondition precondition_of(const Request& request) {
  Request seen;
  seen.head = request.head;
  return [seen = std::move(seen)](const std::string& current) { return check_precondition(seen, current); };
}

// Once the password is hashed, where there is one.
void store_user(const Rooms& rooms, const Request& request, const Reply& reply, const Grants& grants,
                std::optional<std::string> password) {
  const auto& name = request.param("name");
  const bool ends_sessions = password.has_value();
  auto answer = [reply, name, ends_sessions,
                 &security = rooms.security](const Result<security::Accounts::Put>& put) {
    if (!put) return reply.fail(put.error());
    if (ends_sessions) security.sessions().end_of(name);
    auto response = json_response(put->created ? 201 : 200,
                                  {{"name", name}, {"outcome", put->created ? "created" : "changed"}});
    response.headers.add("ETag", etag(put->revision));
    if (put->created) response.headers.add("Location", fmt::format("/api/v1/users/{}", name));
    reply.send(std::move(response));
  };
  rooms.security.accounts().put_user(name, std::move(password), grants, precondition_of(request),
                                     std::move(answer));
}

void put_user(const Rooms& rooms, const Request& request, const Reply& reply) {
  WantedUser wanted;
  if (const auto read = from_json(request.document, wanted); !read) return reply.fail(read.error());
  auto sound = check_account_name(request.param("name"), "");
  if (sound) sound = check_some_grants(wanted.grants);
  if (sound && wanted.password) sound = security::check_new_password(*wanted.password, "/password");
  if (!sound) return reply.fail(sound.error());
  if (!wanted.password) return store_user(rooms, request, reply, wanted.grants, std::nullopt);
  rooms.security.passwords().hash(std::move(*wanted.password),
                                  [rooms, reply, request = std::make_shared<Request>(request),
                                   grants = wanted.grants](Result<std::string> hash) {
                                    if (!hash) return reply.fail(hash.error());
                                    store_user(rooms, *request, reply, grants, std::move(*hash));
                                  });
}

void delete_user(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto& name = request.param("name");
  rooms.security.accounts().remove_user(name, precondition_of(request),
                                        [reply, name, &security = rooms.security](const Result<>& outcome) {
                                          if (!outcome) return reply.fail(outcome.error());
                                          security.sessions().end_of(name);
                                          reply.send(empty_response(204));
                                        });
}

// Administrators deal with all tokens, users with their own.
bool may_handle(const Principal& principal, const Token& token) {
  return may(principal, Permission::kAdminister) || (principal.is_user && token.owner == principal.name);
}

void list_tokens(const Rooms& rooms, const Request& request, const Reply& reply) {
  std::map<std::string, Json> rows;
  const auto book = rooms.security.accounts().book();
  for (const auto& [hash, token] : book->tokens) {
    if (may_handle(request.principal, token)) rows.emplace(token.name, show_token(token));
  }
  list_rows(request, reply, "tokens", rows);
}

Result<Token> wanted_token(const Rooms& rooms, const Request& request) {
  WantedToken wanted;
  if (auto read = from_json(request.document, wanted); !read) return fail(std::move(read.error()));
  if (auto sound = check_account_name(wanted.name, "/name"); !sound) return fail(std::move(sound.error()));
  if (wanted.user.has_value() == wanted.grants.has_value())
    return fail(ErrorCode::kInvalid, "say whose it is with `user`, or give it `grants` of its own");
  if (wanted.grants) {
    if (auto sound = check_some_grants(*wanted.grants); !sound) return fail(std::move(sound.error()));
  }
  if (wanted.expires && *wanted.expires <= rooms.loop.clock().utc())
    return fail(ErrorCode::kInvalid, "this time is past", "/expires");
  Token token;
  token.name = wanted.name;
  token.owner = wanted.user.value_or("");
  token.grants = wanted.grants.value_or(Grants());
  token.expires = wanted.expires;
  if (!may_handle(request.principal, token))
    return fail(ErrorCode::kForbidden,
                fmt::format("'{}' lacks the permission 'administer', without which one makes tokens of one's "
                            "own only",
                            request.principal.name));
  return token;
}

void add_token(const Rooms& rooms, const Request& request, const Reply& reply) {
  auto token = wanted_token(rooms, request);
  if (!token) return reply.fail(token.error());
  const auto name = token->name;
  audit::add_details(reply.entry(), {{"token", name}});
  rooms.security.accounts().add_token(
      std::move(*token), answer_with<std::string>(reply, [name](const std::string& secret) {
        auto response = json_response(201, {{"name", name}, {"secret", secret}});
        response.headers.add("Location", fmt::format("/api/v1/tokens/{}", name));
        return response;
      }));
}

void delete_token(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto& name = request.param("name");
  const auto book = rooms.security.accounts().book();
  const auto* token = book->token_named(name);
  // Those of others are not there for who may not see them.
  if (token == nullptr || !may_handle(request.principal, *token)) return reply.fail(no_such("token", name));
  rooms.security.accounts().remove_token(name, [reply](const Result<>& outcome) {
    if (!outcome) return reply.fail(outcome.error());
    reply.send(empty_response(204));
  });
}

void add_user_routes(Routes& routes, const Rooms& rooms) {
  constexpr auto kUser = "/api/v1/users/{name}";
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/users",
                    .id = "listUsers",
                    .access = Permission::kAdminister,
                    .site = SiteOf::kEvery,
                    .query = {"limit", "cursor"},
                    .handler = handled_by(rooms, list_users)});
  routes.push_back({.method = Method::kGet,
                    .pattern = kUser,
                    .id = "getUser",
                    .access = Permission::kAdminister,
                    .site = SiteOf::kEvery,
                    .handler = handled_by(rooms, get_user)});
  routes.push_back({.method = Method::kPut,
                    .pattern = kUser,
                    .id = "putUser",
                    .access = Permission::kAdminister,
                    .site = SiteOf::kEvery,
                    .body = Body::kJson,
                    .handler = handled_by(rooms, put_user)});
  routes.push_back({.method = Method::kDelete,
                    .pattern = kUser,
                    .id = "deleteUser",
                    .access = Permission::kAdminister,
                    .site = SiteOf::kEvery,
                    .handler = handled_by(rooms, delete_user)});
}

}  // namespace

void add_account_routes(Routes& routes, const Rooms& rooms) {
  add_user_routes(routes, rooms);
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/tokens",
                    .id = "listTokens",
                    .access = Permission::kView,
                    .query = {"limit", "cursor"},
                    .handler = handled_by(rooms, list_tokens)});
  routes.push_back({.method = Method::kPost,
                    .pattern = "/api/v1/tokens",
                    .id = "addToken",
                    .access = Permission::kView,
                    .body = Body::kJson,
                    .handler = handled_by(rooms, add_token)});
  routes.push_back({.method = Method::kDelete,
                    .pattern = "/api/v1/tokens/{name}",
                    .id = "deleteToken",
                    .access = Permission::kView,
                    .handler = handled_by(rooms, delete_token)});
}

}  // namespace fieldline::api
