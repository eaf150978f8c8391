#include "coordinator/security/attempts.hpp"

#include <algorithm>
#include <chrono>

namespace fieldline::security {

bool Attempts::fail_from(const std::string& address) {
  const auto now = clock_.now();
  if (!buckets_.contains(address)) make_room();
  auto& bucket = buckets_.try_emplace(address, Bucket{.filled = now}).first->second;
  const std::chrono::duration<double> passed = now - bucket.filled;
  bucket.left = std::min(kBurst, bucket.left + passed.count() * kPerSecond);
  bucket.filled = now;
  if (bucket.left < 1) return false;
  bucket.left -= 1;
  return true;
}

void Attempts::make_room() {
  if (buckets_.size() < kAddresses) return;
  buckets_.erase(
      std::ranges::min_element(buckets_, {}, [](const auto& entry) { return entry.second.filled; }));
}

}  // namespace fieldline::security
