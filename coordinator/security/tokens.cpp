#include "coordinator/security/tokens.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <array>

#include "common/base/file.hpp"
#include "common/base/hash.hpp"

namespace fieldline::security {
namespace {

// The prefix lets people, and scanners of leaked secrets, see what it is.
Result<std::string> make_token() {
  if (sodium_init() < 0) return fail(ErrorCode::kInternal, "libsodium has no source of randomness");
  std::array<unsigned char, 32> random{};
  randombytes_buf(random.data(), random.size());
  std::array<char, sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_URLSAFE_NO_PADDING)> text{};
  sodium_bin2base64(text.data(), text.size(), random.data(), random.size(),
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  std::string token = std::string("fieldline_") + text.data();
  sodium_memzero(random.data(), random.size());
  sodium_memzero(text.data(), text.size());
  return token;
}

Result<database::Token> make_first(database::Tokens& rows, const std::string& folder, const Clock& clock) {
  auto secret = make_token();
  if (!secret) return fail(std::move(secret.error()));
  database::Token token{.hash = blake2b_hex(*secret), .name = "admin", .created = clock.utc()};
  const auto path = fmt::format("{}/{}", folder, kFirstTokenFile);
  const auto written = write_file(path, *secret + "\n", FileMode::kPrivate, Existing::kReplace);
  sodium_memzero(secret->data(), secret->size());
  if (!written) return fail(written.error());
  if (auto stored = rows.add_now(token); !stored) return fail(std::move(stored.error()));
  return token;
}

}  // namespace

Result<Tokens> Tokens::open(database::Tokens& rows, const std::string& state_folder, const Clock& clock) {
  auto known = rows.all();
  if (!known) return fail(std::move(known.error()));
  if (known->empty()) {
    auto first = make_first(rows, state_folder, clock);
    if (!first) return fail(std::move(first.error()));
    known->push_back(std::move(*first));
  }
  return Tokens(std::move(*known));
}

std::optional<Principal> Tokens::find(std::string_view token) const {
  const auto hash = blake2b_hex(token);
  const database::Token* owner = nullptr;
  for (const auto& candidate : known_) {
    if (equal_in_constant_time(candidate.hash, hash)) owner = &candidate;
  }
  if (owner == nullptr) return std::nullopt;
  return Principal{.name = owner->name, .grants = kEverything};
}

}  // namespace fieldline::security
