#include "common/net/admission.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "common/net/limits.hpp"

namespace fieldline::net {

void Admission::allow(const std::string& public_key) {
  allowed_.insert(public_key);
  pending_.erase(public_key);
}

void Admission::revoke(const std::string& public_key) {
  allowed_.erase(public_key);
}

void Admission::knock(const std::string& public_key, const std::string& address) {
  const auto now = clock_.utc();
  if (const auto known = pending_.find(public_key); known != pending_.end()) {
    known->second.address = address;
    known->second.last_seen = now;
    ++known->second.count;
    return;
  }
  make_room(address);
  const auto& entry = pending_.emplace(public_key, Knock{public_key, address, now, now, 1}).first->second;
  if (on_unknown_) on_unknown_(Knock(entry));
}

void Admission::make_room(const std::string& address) {
  const auto same_address = [&](const auto& entry) { return entry.second.address == address; };
  const bool share_used = static_cast<std::size_t>(std::count_if(pending_.begin(), pending_.end(),
                                                                 same_address)) >= kMaxPendingPerAddress;
  if (!share_used && pending_.size() < kMaxPending) return;
  auto victim = pending_.end();
  for (auto entry = pending_.begin(); entry != pending_.end(); ++entry) {
    if (share_used && !same_address(*entry)) continue;
    if (victim == pending_.end() || entry->second.last_seen < victim->second.last_seen) victim = entry;
  }
  pending_.erase(victim);
}

std::vector<Admission::Knock> Admission::pending() const {
  std::vector<Knock> knocks;
  knocks.reserve(pending_.size());
  for (const auto& [key, knock] : pending_) knocks.push_back(knock);
  std::sort(knocks.begin(), knocks.end(), [](const Knock& a, const Knock& b) {
    return std::tie(a.first_seen, a.public_key) < std::tie(b.first_seen, b.public_key);
  });
  return knocks;
}

}  // namespace fieldline::net
