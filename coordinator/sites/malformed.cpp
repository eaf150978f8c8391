#include "coordinator/sites/malformed.hpp"

#include <spdlog/spdlog.h>

#include "coordinator/sites/limits.hpp"

namespace fieldline::sites {

void Malformed::add(const std::string& sender, std::string_view why, Instant now) {
  auto& tally = tallies_[sender];
  ++tally.count;
  if (tally.logged > 0 && now < tally.next_log) return;
  spdlog::warn("dropped {} malformed message(s) of {}, the latest: {}", tally.count - tally.logged, sender,
               why);
  tally.logged = tally.count;
  tally.next_log = now + kMalformedLog;
}

std::uint64_t Malformed::count(const std::string& sender) const {
  const auto found = tallies_.find(sender);
  return found == tallies_.end() ? 0 : found->second.count;
}

}  // namespace fieldline::sites
