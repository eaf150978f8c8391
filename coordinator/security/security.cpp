#include "coordinator/security/security.hpp"

#include "common/base/hash.hpp"
#include "coordinator/security/limits.hpp"

namespace fieldline::security {
namespace {

// People mistype; who guesses gets 17,280 tries a day at one user.
constexpr Attempts::Rate kOfUser{.burst = 10, .per_second = 0.2};
constexpr Attempts::Rate kOfAddress{.burst = 20, .per_second = 1};

}  // namespace

Result<std::unique_ptr<Security>> Security::open(database::AccountRecords& rows, Executor& loop,
                                                 const std::string& state_folder, Passwords::Cost cost) {
  auto accounts = Accounts::open(rows, loop, state_folder);
  if (!accounts) return fail(std::move(accounts.error()));
  return std::unique_ptr<Security>(new Security(std::move(*accounts), loop, cost));
}

Security::Security(std::unique_ptr<Accounts> accounts, Executor& loop, Passwords::Cost cost)
    : accounts_(std::move(accounts)),
      sessions_(loop.clock()),
      by_address_(loop.clock(), kOfAddress),
      by_user_(loop.clock(), kOfUser),
      hashers_("hash", kHashers, kWaitingHashes),
      passwords_(hashers_, loop, cost) {}

// What the workers still do touches what goes next.
Security::~Security() {
  hashers_.finish();
}

std::optional<Principal> Security::who_bears(std::string_view token) const {
  return accounts_->of_token(token);
}

std::optional<Principal> Security::who_is_in(std::string_view session_secret) {
  const auto user = sessions_.use(session_secret);
  auto principal = user ? accounts_->of_user(*user) : std::nullopt;
  if (!principal) return std::nullopt;
  principal->credential = blake2b_hex(session_secret);
  principal->csrf = csrf_of(session_secret);
  return principal;
}

std::optional<Principal> Security::again(const Principal& principal) const {
  const bool by_session = principal.token.empty();
  const bool good =
      by_session ? sessions_.is_open(principal.credential) : accounts_->holds(principal.credential);
  if (!good) return std::nullopt;
  if (!principal.is_user) return principal;  // a service token's grants never change
  auto now = accounts_->of_user(principal.name);
  if (!now) return std::nullopt;
  auto same = principal;
  same.grants = std::move(now->grants);
  return same;
}

bool Security::may_try(const std::string& address, const std::string& user) {
  return by_address_.fail_from(address) && by_user_.fail_from(user);
}

std::string Security::password_of(std::string_view user) const {
  const auto book = accounts_->book();
  const auto found = book->users.find(user);
  return found == book->users.end() ? "" : found->second.password;
}

void Security::check_password(const std::string& user, std::string password, const std::string& address,
                              Answer<void> done) {
  const auto hash = password_of(user);
  passwords_.check(std::move(password), hash,
                   [this, user, hash, address, done = std::move(done)](const Result<bool>& right) {
                     if (!right || *right) {
                       by_address_.forgive(address);
                       by_user_.forgive(user);
                     }
                     if (!right) return done(fail(right.error()));
                     // The user may have gone, or have another password, by now.
                     if (!*right || password_of(user) != hash)
                       return done(fail(ErrorCode::kUnauthenticated, "the name or the password is wrong"));
                     done({});
                   });
}

void Security::log_in(const std::string& user, std::string password, const std::string& address,
                      Answer<std::string> done) {
  check_password(user, std::move(password), address,
                 [this, user, done = std::move(done)](const Result<>& right) {
                   if (!right) return done(fail(right.error()));
                   done(sessions_.open(user));
                 });
}

void Security::change_password(const Principal& principal, const std::string& address, std::string current,
                               std::string password, Answer<void> done) {
  auto set = [this, principal, done](const Result<std::string>& hash) {
    if (!hash) return done(fail(hash.error()));
    accounts_->set_password(principal.name, *hash, [this, principal, done](const Result<>& outcome) {
      if (outcome) sessions_.end_of(principal.name, principal.credential);
      done(outcome);
    });
  };
  check_password(principal.name, std::move(current), address,
                 [this, set = std::move(set), done, password = std::move(password)](const Result<>& right) {
                   if (!right) return done(fail(right.error()));
                   passwords_.hash(password, set);
                 });
}

}  // namespace fieldline::security
