// Rows of access tokens. Holds hashes; a token itself never comes here. Any thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/base/time.hpp"
#include "common/sql/database.hpp"

namespace fieldline::database {

struct Token {
  std::string hash;  // BLAKE2b-256, hex
  std::string name;
  Timestamp created{};

  friend bool operator==(const Token&, const Token&) = default;
};

class Tokens {
 public:
  explicit Tokens(sql::Database& database) : database_(database) {}

  // Both wait for the database: for starting up.
  Result<std::vector<Token>> all();
  // kConflict when there is one of that name or hash.
  Result<> add_now(const Token& token);

  void add(Token token, std::function<void(Result<>)> done, Executor& reply_to);
  void remove(const std::string& name, std::function<void(Result<>)> done, Executor& reply_to);

 private:
  sql::Database& database_;
};

}  // namespace fieldline::database
