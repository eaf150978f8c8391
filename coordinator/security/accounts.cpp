#include "coordinator/security/accounts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/check.hpp"
#include "common/base/file.hpp"
#include "common/base/hash.hpp"
#include "coordinator/security/limits.hpp"
#include "coordinator/security/secret.hpp"

namespace fieldline::security {
namespace {

constexpr std::string_view kTokenPrefix = "fieldline_";

Failure no_user(std::string_view name) {
  return fail(ErrorCode::kNotFound, fmt::format("there is no user named '{}'", name));
}

Result<Token> make_first(database::AccountRecords& rows, const std::string& folder, const Clock& clock) {
  auto secret = make_secret(kTokenPrefix);
  if (!secret) return fail(std::move(secret.error()));
  Token token{blake2b_hex(*secret), "admin", "", {{Role::kAdmin, std::nullopt}}, clock.utc(), std::nullopt};
  const auto path = fmt::format("{}/{}", folder, kFirstTokenFile);
  const auto written = write_file(path, *secret + "\n", FileMode::kPrivate, Existing::kReplace);
  wipe(*secret);
  if (!written) return fail(written.error());
  if (auto stored = rows.save_now({.tokens = {row_of(token)}}); !stored)
    return fail(std::move(stored.error()));
  return token;
}

Result<Book> read_book(database::AccountRecords& rows) {
  Book book;
  const auto users = rows.users();
  if (!users) return fail(users.error());
  for (const auto& row : *users) {
    auto user = user_of(row);
    if (!user) return fail(std::move(user.error()));
    book.users.emplace(row.name, std::move(*user));
  }
  const auto tokens = rows.tokens();
  if (!tokens) return fail(tokens.error());
  for (const auto& row : *tokens) {
    auto token = token_of(row);
    if (!token) return fail(std::move(token.error()));
    book.tokens.emplace(row.hash, std::move(*token));
  }
  return book;
}

Result<> check_new_user(const Book& book, const std::string& name) {
  if (book.users.size() >= kUsers)
    return fail(ErrorCode::kConflict, fmt::format("there are {} users, which is the limit", kUsers));
  const auto* namesake = book.token_named(name);
  if (namesake != nullptr && namesake->owner.empty())
    return fail(ErrorCode::kConflict, fmt::format("there is a service token named '{}'", name));
  return {};
}

Result<> check_new_token(const Book& book, const Token& token) {
  if (book.tokens.size() >= kTokens)
    return fail(ErrorCode::kConflict, fmt::format("there are {} tokens, which is the limit", kTokens));
  if (book.token_named(token.name) != nullptr)
    return fail(ErrorCode::kConflict, fmt::format("there is a token named '{}'", token.name));
  if (token.owner.empty() && book.users.contains(token.name))
    return fail(ErrorCode::kConflict, fmt::format("there is a user named '{}'", token.name));
  if (!token.owner.empty() && !book.users.contains(token.owner))
    return fail(ErrorCode::kInvalid, fmt::format("there is no user named '{}'", token.owner), "/user");
  return {};
}

}  // namespace

Result<std::unique_ptr<Accounts>> Accounts::open(database::AccountRecords& rows, Executor& loop,
                                                 const std::string& state_folder) {
  auto book = read_book(rows);
  if (!book) return fail(std::move(book.error()));
  if (book->users.empty() && book->tokens.empty()) {
    auto first = make_first(rows, state_folder, loop.clock());
    if (!first) return fail(std::move(first.error()));
    book->tokens.emplace(first->hash, *first);
  }
  return std::unique_ptr<Accounts>(new Accounts(rows, loop, std::move(*book)));
}

Accounts::Accounts(database::AccountRecords& rows, Executor& loop, Book book)
    : rows_(rows), loop_(loop), book_(std::make_shared<const Book>(std::move(book))) {}

std::shared_ptr<const Book> Accounts::book() const {
  const std::lock_guard lock(mutex_);
  return book_;
}

std::optional<Principal> Accounts::principal_of(const Book& book, const Token& token) const {
  if (token.expires && *token.expires <= loop_.clock().utc()) return std::nullopt;
  if (token.owner.empty()) return Principal{token.name, false, token.grants, token.name, token.hash, {}};
  const auto owner = book.users.find(token.owner);
  if (owner == book.users.end()) return std::nullopt;
  return Principal{token.owner, true, owner->second.grants, token.name, token.hash, {}};
}

std::optional<Principal> Accounts::of_token(std::string_view secret) const {
  const auto known = book();
  const auto found = known->tokens.find(blake2b_hex(secret));
  return found == known->tokens.end() ? std::nullopt : principal_of(*known, found->second);
}

std::optional<Principal> Accounts::of_user(std::string_view name) const {
  const auto known = book();
  const auto found = known->users.find(name);
  if (found == known->users.end()) return std::nullopt;
  return Principal{found->second.name, true, found->second.grants, {}, {}, {}};
}

bool Accounts::holds(std::string_view hash) const {
  const auto known = book();
  const auto found = known->tokens.find(hash);
  return found != known->tokens.end() && principal_of(*known, found->second).has_value();
}

void Accounts::enqueue(Edit edit, Answer<void> done) {
  FIELDLINE_DCHECK(loop_.here());
  if (waiting_.size() == kWaitingChanges)
    return loop_.post(
        [done = std::move(done)] { done(fail(ErrorCode::kExhausted, "too many changes wait")); });
  waiting_.push_back({std::move(edit), std::move(done)});
  if (waiting_.size() == 1) begin_next();
}

void Accounts::begin_next() {
  const auto before = book();
  auto after = std::make_shared<Book>(*before);
  auto rows = waiting_.front().edit(*after);
  auto sound = rows ? check_administrators(*before, *after) : Result<>(fail(rows.error()));
  if (!sound) return loop_.post([this, sound] { finish(sound); });
  rows_.save(
      std::move(*rows),
      [this, after](const Result<>& saved) {
        if (saved) {
          const std::lock_guard lock(mutex_);
          book_ = after;
        }
        finish(saved);
      },
      loop_);
}

// The next change begins before this one is answered: an answer may change more.
void Accounts::finish(Result<> outcome) {
  const auto done = std::move(waiting_.front().done);
  waiting_.pop_front();
  if (!waiting_.empty()) begin_next();
  done(std::move(outcome));
}

void Accounts::put_user(std::string name, std::optional<std::string> password, Grants grants,
                        Precondition precondition, Answer<Put> done) {
  auto put = std::make_shared<Put>();
  auto edit = [this, put, name = std::move(name), password = std::move(password), grants = std::move(grants),
               precondition = std::move(precondition)](Book& book) -> Result<database::AccountChange> {
    const auto existing = book.users.find(name);
    put->created = existing == book.users.end();
    const auto now = loop_.clock().utc();
    auto user = put->created ? User{name, "", {}, now, now} : existing->second;
    auto allowed = put->created ? check_new_user(book, name) : precondition(revision_of(user));
    if (!allowed) return fail(std::move(allowed.error()));
    if (password) user.password = *password;
    user.grants = grants;
    // Later than before even where the clock was set back: the revision is made of it.
    user.changed = put->created ? now : std::max(now, user.changed + Duration(1));
    put->revision = revision_of(user);
    database::AccountChange change{.users = {row_of(user)}};
    book.users.insert_or_assign(name, std::move(user));
    return change;
  };
  enqueue(std::move(edit), [put, done = std::move(done)](const Result<>& outcome) {
    if (!outcome) return done(fail(outcome.error()));
    done(*put);
  });
}

void Accounts::remove_user(std::string name, Precondition precondition, Answer<void> done) {
  auto edit = [name = std::move(name),
               precondition = std::move(precondition)](Book& book) -> Result<database::AccountChange> {
    const auto existing = book.users.find(name);
    if (existing == book.users.end()) return no_user(name);
    if (auto allowed = precondition(revision_of(existing->second)); !allowed)
      return fail(std::move(allowed.error()));
    database::AccountChange change{.removed_users = {name}};
    book.users.erase(existing);
    std::erase_if(book.tokens, [&](const auto& entry) {
      if (entry.second.owner != name) return false;
      change.removed_tokens.push_back(entry.second.name);
      return true;
    });
    return change;
  };
  enqueue(std::move(edit), std::move(done));
}

void Accounts::set_password(std::string name, std::string password, Answer<void> done) {
  auto edit = [this, name = std::move(name),
               password = std::move(password)](Book& book) -> Result<database::AccountChange> {
    const auto existing = book.users.find(name);
    if (existing == book.users.end()) return no_user(name);
    auto& user = existing->second;
    user.password = password;
    user.changed = std::max(loop_.clock().utc(), user.changed + Duration(1));
    return database::AccountChange{.users = {row_of(user)}};
  };
  enqueue(std::move(edit), std::move(done));
}

void Accounts::add_token(Token token, Answer<std::string> done) {
  auto secret = make_secret(kTokenPrefix);
  if (!secret) return done(fail(std::move(secret.error())));
  token.hash = blake2b_hex(*secret);
  token.created = loop_.clock().utc();
  auto edit = [token = std::move(token)](Book& book) -> Result<database::AccountChange> {
    if (auto sound = check_new_token(book, token); !sound) return fail(std::move(sound.error()));
    book.tokens.emplace(token.hash, token);
    return database::AccountChange{.tokens = {row_of(token)}};
  };
  enqueue(std::move(edit), [secret = std::move(*secret), done = std::move(done)](const Result<>& outcome) {
    if (!outcome) return done(fail(outcome.error()));
    done(secret);
  });
}

void Accounts::remove_token(std::string name, Answer<void> done) {
  auto edit = [name = std::move(name)](Book& book) -> Result<database::AccountChange> {
    const auto* token = book.token_named(name);
    if (token == nullptr)
      return fail(ErrorCode::kNotFound, fmt::format("there is no token named '{}'", name));
    book.tokens.erase(std::string(token->hash));
    return database::AccountChange{.removed_tokens = {name}};
  };
  enqueue(std::move(edit), std::move(done));
}

}  // namespace fieldline::security
