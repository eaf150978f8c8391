// Hashes passwords (Argon2id, RFC 9106, by libsodium) and checks them, on a worker that the owner bounds.
// Takes as long for a user who is not there. Answers on the loop. Any thread.
#pragma once

#include <functional>
#include <string>

#include "common/base/executor.hpp"
#include "common/base/worker.hpp"

namespace fieldline::security {

class Passwords {
 public:
  // What one hash costs; the default is libsodium's "moderate".
  struct Cost {
    unsigned long long operations = 3;
    std::size_t bytes = 256 * 1024 * 1024;
  };

  Passwords(Worker& worker, Executor& loop, Cost cost);

  // kExhausted when too many wait.
  void hash(std::string password, std::function<void(Result<std::string>)> done);
  // Is it the password of this hash? An empty hash is nobody's, and has no password. kExhausted.
  void check(std::string password, std::string hash, std::function<void(Result<bool>)> done);

 private:
  Worker& worker_;
  Executor& loop_;
  const Cost cost_;
  const std::string nobodys_;  // a hash that no password has, at the same cost
};

// kInvalid when it is too short or too long.
Result<> check_new_password(const std::string& password, const std::string& pointer);

}  // namespace fieldline::security
