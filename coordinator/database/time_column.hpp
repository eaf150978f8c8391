// Times as columns hold them: microseconds since 1970, UTC.
#pragma once

#include <cstdint>

#include "common/base/time.hpp"

namespace fieldline::database {

inline std::int64_t to_column(Timestamp time) {
  return time.time_since_epoch().count();
}

inline Timestamp from_column(std::int64_t microseconds) {
  return Timestamp(Duration(microseconds));
}

}  // namespace fieldline::database
