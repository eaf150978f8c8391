// Which values a number had within the last while, as far as a rate of change has to know: a value
// counts from when it came until it has been gone for that while. It is forgotten up to 1/kCourseParts
// of the while late, never early, so that memory is bounded. A plain value.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "common/base/time.hpp"
#include "common/model/flat_config.hpp"

namespace fieldline::runtime {

class Course {
 public:
  // It is `value` from `now` on, which never goes back.
  void take(double value, Instant now, Duration within);
  // What comes next says nothing about what was.
  void forget();

  // Until when, with the present value, it differs by more than `rate` permits; empty when it never did.
  [[nodiscard]] std::optional<Instant> exceeds_until(const AlarmRate& rate) const;
  // For tests of its bound.
  [[nodiscard]] std::size_t size() const { return past_.size(); }

  friend bool operator==(const Course&, const Course&) = default;

 private:
  // Values that went between `first` and `last`.
  struct Stretch {
    Instant first;
    Instant last;
    double least;
    double greatest;

    friend bool operator==(const Stretch&, const Stretch&) = default;
  };

  void leave(double value, Instant now, Duration within);

  std::optional<double> present_;
  std::vector<Stretch> past_;  // oldest first
};

}  // namespace fieldline::runtime
