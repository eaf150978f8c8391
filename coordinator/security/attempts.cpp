#include "coordinator/security/attempts.hpp"

#include <algorithm>
#include <chrono>

namespace fieldline::security {

bool Attempts::fail_from(const std::string& key) {
  const auto now = clock_.now();
  if (!buckets_.contains(key)) make_room();
  auto& bucket = buckets_.try_emplace(key, Bucket{.left = rate_.burst, .filled = now}).first->second;
  const std::chrono::duration<double> passed = now - bucket.filled;
  bucket.left = std::min(rate_.burst, bucket.left + passed.count() * rate_.per_second);
  bucket.filled = now;
  if (bucket.left < 1) return false;
  bucket.left -= 1;
  return true;
}

void Attempts::forgive(const std::string& key) {
  const auto found = buckets_.find(key);
  if (found != buckets_.end()) found->second.left = std::min(rate_.burst, found->second.left + 1);
}

void Attempts::make_room() {
  if (buckets_.size() < kKeys) return;
  buckets_.erase(
      std::ranges::min_element(buckets_, {}, [](const auto& entry) { return entry.second.filled; }));
}

}  // namespace fieldline::security
