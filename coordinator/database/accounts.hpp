// Rows of users and access tokens. Holds hashes; a password or a token itself never comes here. Any
// thread; answers go to the executor named.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/time.hpp"
#include "common/sql/database.hpp"

namespace fieldline::database {

// The migration that brings users, and tokens that are not the first administrator's.
inline constexpr std::string_view kAccountsSchema = R"sql(
CREATE TABLE users (
  name     TEXT PRIMARY KEY,
  password TEXT NOT NULL,
  grants   TEXT NOT NULL,
  created  INTEGER NOT NULL,
  changed  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
ALTER TABLE tokens ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN grants TEXT NOT NULL DEFAULT '[]';
ALTER TABLE tokens ADD COLUMN expires INTEGER NOT NULL DEFAULT 0;
UPDATE tokens SET grants = '[{"role":"admin"}]';
)sql";

struct UserRow {
  std::string name;
  std::string password;  // Argon2id as libsodium writes it; empty: the user has none
  std::string grants;    // JSON
  Timestamp created{};
  Timestamp changed{};

  friend bool operator==(const UserRow&, const UserRow&) = default;
};

struct TokenRow {
  std::string hash;  // BLAKE2b-256, hex
  std::string name;
  std::string owner;   // a user; empty: it has grants of its own
  std::string grants;  // JSON
  Timestamp created{};
  Timestamp expires{};  // 1970: never

  friend bool operator==(const TokenRow&, const TokenRow&) = default;
};

// Rows that change together or not at all.
struct AccountChange {
  std::vector<UserRow> users = {};
  std::vector<TokenRow> tokens = {};  // new ones
  std::vector<std::string> removed_users = {};
  std::vector<std::string> removed_tokens = {};
};

class AccountRecords {
 public:
  explicit AccountRecords(sql::Database& database) : database_(database) {}

  // These three wait for the database: for starting up.
  Result<std::vector<UserRow>> users();
  Result<std::vector<TokenRow>> tokens();
  Result<> save_now(const AccountChange& change);

  // `done` is told once the change is on the disk, in order of calls.
  void save(AccountChange change, std::function<void(Result<>)> done, Executor& reply_to);

 private:
  sql::Database& database_;
};

}  // namespace fieldline::database
