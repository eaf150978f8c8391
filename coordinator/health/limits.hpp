// The times of the room, each with its reason.
#pragma once

#include <chrono>

namespace fieldline::health {

// Between two looks at how late the loop runs a timer.
inline constexpr std::chrono::seconds kLagPeriod{1};

// Between two questions to a part that answers: a probe comes every few seconds.
inline constexpr std::chrono::seconds kAskInterval{1};
// A database that is there answers in milliseconds; it may wait this long for a lock of another program
// (sql::kBusyTimeout) and for the work before it.
inline constexpr std::chrono::seconds kDatabasePatience{8};
// The longest single task of a worker, an `apply` of 10,000 documents, takes seconds.
inline constexpr std::chrono::seconds kWorkerPatience{20};

}  // namespace fieldline::health
