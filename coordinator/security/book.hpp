// Everybody who is known to the coordinator, and what a change of that must keep to. Plain values, pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/time.hpp"
#include "coordinator/database/accounts.hpp"
#include "coordinator/security/principal.hpp"

namespace fieldline::security {

struct User {
  std::string name;
  std::string password;  // its hash; empty: there is none, and no login
  Grants grants;
  Timestamp created{};
  Timestamp changed{};
};
// What an ETag is made of: a change of the password is a change, but nothing of it shows.
std::string revision_of(const User& user);

struct Token {
  std::string hash;
  std::string name;
  std::string owner;  // the user whose grants it has; empty: a service token, with its own
  Grants grants;
  Timestamp created{};
  std::optional<Timestamp> expires;
};

struct Book {
  std::map<std::string, User, std::less<>> users;    // by name
  std::map<std::string, Token, std::less<>> tokens;  // by hash

  [[nodiscard]] const Token* token_named(std::string_view name) const;
};

Result<User> user_of(const database::UserRow& row);
Result<Token> token_of(const database::TokenRow& row);
database::UserRow row_of(const User& user);
database::TokenRow row_of(const Token& token);

// kConflict when nobody is left who may administer, or no user where there was one.
Result<> check_administrators(const Book& before, const Book& after);

}  // namespace fieldline::security
