// Which public keys may connect to one router, and who knocked without being known (bounded; the
// longest silent is forgotten first). Answers from memory. Lives on its router's executor.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/base/time.hpp"

namespace fieldline::net {

class Admission {
 public:
  // An unknown key that tried to connect.
  struct Knock {
    std::string public_key;
    std::string address;  // of the latest try
    Timestamp first_seen;
    Timestamp last_seen;
    std::uint64_t count = 0;
  };

  explicit Admission(const Clock& clock) : clock_(clock) {}

  // The key may connect from now on, and no longer waits for an answer.
  void allow(const std::string& public_key);
  // Its messages count no more from now on, those of a connection that exists included.
  void revoke(const std::string& public_key);
  [[nodiscard]] bool admits(const std::string& public_key) const { return allowed_.contains(public_key); }

  // An unknown key has been turned away.
  void knock(const std::string& public_key, const std::string& address);
  // Oldest first.
  [[nodiscard]] std::vector<Knock> pending() const;
  // Called once for each key that enters the pending list.
  void on_unknown(std::function<void(const Knock&)> handler) { on_unknown_ = std::move(handler); }

 private:
  void make_room(const std::string& address);

  const Clock& clock_;
  std::unordered_set<std::string> allowed_;
  std::unordered_map<std::string, Knock> pending_;
  std::function<void(const Knock&)> on_unknown_;
};

}  // namespace fieldline::net
