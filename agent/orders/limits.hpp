// The bounds on orders under way at a node, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>

#include "common/base/time.hpp"

namespace fieldline::orders {

// Orders accepted and not yet reported. The coordinator keeps at most 32 in flight to one node; a
// second coordinator in a failover doubles that for a moment.
inline constexpr std::size_t kUnderWay = 128;
// What the last step, the swap, may take of an order's budget: past this point it is not begun, so that
// the report reaches the coordinator before its deadline.
inline constexpr Duration kSwapReserve = std::chrono::seconds(5);
// Between two requests for the same piece of a configuration, when no answer comes.
inline constexpr Duration kFetchRetry = std::chrono::seconds(10);

// Findings of one report, and bytes of each message: they fit its limit of 256 KiB, with paths of up to
// 1 KiB. More are not read by anyone.
inline constexpr std::size_t kReportedFindings = 100;
inline constexpr std::size_t kReportedMessage = 1024;
// Instances that one finding names.
inline constexpr std::size_t kNamedInstances = 10;

}  // namespace fieldline::orders
