// Counts messages that no honest node sends, by sender, and logs them without letting the sender
// fill the log. A plain collection.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/base/time.hpp"

namespace fieldline::sites {

class Malformed {
 public:
  // `sender` is one of a bounded set: a node's name, or that of all who have none.
  void add(const std::string& sender, std::string_view why, Instant now);
  [[nodiscard]] std::uint64_t count(const std::string& sender) const;

 private:
  struct Tally {
    std::uint64_t count = 0;
    std::uint64_t logged = 0;
    Instant next_log{};
  };

  std::unordered_map<std::string, Tally> tallies_;
};

}  // namespace fieldline::sites
