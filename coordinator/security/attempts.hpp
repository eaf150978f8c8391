// Slows down who presents wrong credentials: each address, or name, may fail a few times at once and
// then at a rate. A right token is never held up. One thread.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "common/base/time.hpp"

namespace fieldline::security {

class Attempts {
 public:
  struct Rate {
    double burst = 20;
    double per_second = 1;
  };
  // Keys remembered; the one that failed longest ago is forgotten first.
  static constexpr std::size_t kKeys = 1024;

  explicit Attempts(const Clock& clock, Rate rate) : clock_(clock), rate_(rate) {}

  // Notes a failure; false when there have been too many of this key.
  [[nodiscard]] bool fail_from(const std::string& key);
  // The latest failure noted was none.
  void forgive(const std::string& key);

 private:
  struct Bucket {
    double left;
    Instant filled;
  };

  void make_room();

  const Clock& clock_;
  const Rate rate_;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace fieldline::security
