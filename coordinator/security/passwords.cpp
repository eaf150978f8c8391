#include "coordinator/security/passwords.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <memory>

#include "common/base/utf8.hpp"
#include "coordinator/security/limits.hpp"
#include "coordinator/security/secret.hpp"

namespace fieldline::security {
namespace {

static_assert(crypto_pwhash_OPSLIMIT_MODERATE == 3 && crypto_pwhash_MEMLIMIT_MODERATE == 256 * 1024 * 1024);

Result<std::string> hash_now(const std::string& password, const Passwords::Cost& cost) {
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (sodium_init() < 0 ||
      crypto_pwhash_str_alg(text.data(), password.data(), password.size(), cost.operations, cost.bytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0)
    return fail(ErrorCode::kExhausted, "there is no memory to hash a password");
  return std::string(text.data());
}

// Random bytes where a hash has its salt and its result.
std::string make_nobodys(const Passwords::Cost& cost) {
  const auto noise = [](std::size_t length) {
    auto text = make_secret("").value_or(std::string(43, 'A')).substr(0, length);
    for (auto& c : text) c = c == '-' || c == '_' ? 'A' : c;
    text.back() = 'A';  // the last character may bear no stray bits
    return text;
  };
  return fmt::format("$argon2id$v=19$m={},t={},p=1${}${}", cost.bytes / 1024, cost.operations, noise(22),
                     noise(43));
}

Error too_many() {
  return {ErrorCode::kExhausted, "too many passwords are being checked: try again later", {}, {}};
}

}  // namespace

Passwords::Passwords(Worker& worker, Executor& loop, Cost cost)
    : worker_(worker), loop_(loop), cost_(cost), nobodys_(make_nobodys(cost)) {}

void Passwords::hash(std::string password, std::function<void(Result<std::string>)> done) {
  const auto secret = std::make_shared<std::string>(std::move(password));
  const bool taken = worker_.try_post([this, secret, done] {
    auto hash = hash_now(*secret, cost_);
    wipe(*secret);
    loop_.post([done, hash = std::move(hash)] { done(hash); });
  });
  if (taken) return;
  wipe(*secret);
  loop_.post([done = std::move(done)] { done(fail(too_many())); });
}

void Passwords::check(std::string password, std::string hash, std::function<void(Result<bool>)> done) {
  const auto secret = std::make_shared<std::string>(std::move(password));
  const bool real = !hash.empty();
  const bool taken = worker_.try_post([this, secret, real, done, hash = real ? std::move(hash) : nobodys_] {
    const bool same = crypto_pwhash_str_verify(hash.c_str(), secret->data(), secret->size()) == 0;
    wipe(*secret);
    loop_.post([done, right = same && real] { done(right); });
  });
  if (taken) return;
  wipe(*secret);
  loop_.post([done = std::move(done)] { done(fail(too_many())); });
}

Result<> check_new_password(const std::string& password, const std::string& pointer) {
  if (password.size() < kShortestPassword || password.size() > kLongestPassword || !is_utf8(password))
    return fail(ErrorCode::kInvalid,
                fmt::format("a password has {} to {} bytes", kShortestPassword, kLongestPassword), pointer);
  return {};
}

}  // namespace fieldline::security
