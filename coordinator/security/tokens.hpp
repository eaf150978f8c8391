// Bearer tokens (RFC 6750): 256 random bits each, of which only the BLAKE2b-256 is kept. Makes the
// first administrator's token and leaves it in a file for its owner; no log ever has one. Any thread
// once opened.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/time.hpp"
#include "coordinator/database/tokens.hpp"
#include "coordinator/security/principal.hpp"

namespace fieldline::security {

// The file in the state directory that holds the first token, and a line end.
inline constexpr std::string_view kFirstTokenFile = "admin-token";

class Tokens {
 public:
  // Reads the rows. When there are none, a token named "admin" is written to `state_folder` with mode
  // 0600 before its hash is stored, so that no hash is ever without the token that someone can use.
  // Waits for the database and the disk: for starting up.
  static Result<Tokens> open(database::Tokens& rows, const std::string& state_folder, const Clock& clock);

  // Whose token it is; empty when nobody's.
  [[nodiscard]] std::optional<Principal> find(std::string_view token) const;

 private:
  explicit Tokens(std::vector<database::Token> known) : known_(std::move(known)) {}

  std::vector<database::Token> known_;
};

}  // namespace fieldline::security
