// What the health of a node says about its instances; sums add up field by field.
#pragma once

#include <cstdint>

namespace fieldline::runtime {

struct Tally {
  std::int64_t instances = 0;  // enabled
  std::int64_t active_alarms = 0;
  std::int64_t script_errors = 0;     // since start, of instances that are gone too
  std::int64_t script_runs = 0;       // likewise
  std::int64_t script_coalesced = 0;  // triggers that found their script running, or due already
  std::int64_t tags_good = 0;         // addressed attributes by quality
  std::int64_t tags_uncertain = 0;
  std::int64_t tags_bad = 0;

  Tally& operator+=(const Tally& other) {
    instances += other.instances;
    active_alarms += other.active_alarms;
    script_errors += other.script_errors;
    script_runs += other.script_runs;
    script_coalesced += other.script_coalesced;
    tags_good += other.tags_good;
    tags_uncertain += other.tags_uncertain;
    tags_bad += other.tags_bad;
    return *this;
  }
};

}  // namespace fieldline::runtime
