// The times of the conversation with nodes. A plain value.
#pragma once

#include "common/base/time.hpp"

namespace fieldline::sites {

struct SiteSettings {
  Duration silence_limit = std::chrono::seconds(10);  // no traffic for this long: the session is dead
  Duration ping_interval = std::chrono::seconds(2);
  Duration health_interval = std::chrono::seconds(5);
  Duration query_deadline = std::chrono::seconds(5);
};

}  // namespace fieldline::sites
