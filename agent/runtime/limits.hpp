// The bounds of the site runtime, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>

#include "agent/runtime/rate_gate.hpp"
#include "common/base/time.hpp"

namespace fieldline::runtime {

// Of one node. A hundred thousand instances are a whole system's; a site has a part of them.
inline constexpr std::size_t kInstances = 20'000;
// Of one instance. A configuration is at most 1 MiB, so these only stop what is absurd within it.
inline constexpr std::size_t kAttributes = 10'000;
inline constexpr std::size_t kAlarms = 2'000;
// Each has a Lua state of its own, of some 30 KiB before it does anything.
inline constexpr std::size_t kScripts = 256;

// A text value or a logged line: so that a page of 32 KiB always holds several.
inline constexpr std::size_t kLongestText = 4096;

// Calls of scripts by scripts, nested. Each level holds a Lua state suspended and a C++ frame when it ends.
inline constexpr int kCallDepth = 8;
// Calls that wait for one script. With the depth it bounds what a burst of triggers can pile up.
inline constexpr std::size_t kCallsWaiting = 32;
// Longer is a mistake in units more often than a wish.
inline constexpr Duration kLongestSleep = std::chrono::hours(24);
// Between two triggered starts of a script, whatever its own settings say: two scripts that set off
// each other then cost a hundred runs a second, not a processor.
inline constexpr Duration kShortestSpacing = std::chrono::milliseconds(10);
// More than a fast machine executes, so on real clocks the time-out decides; on a virtual clock, which
// stands still during a run, this does.
inline constexpr std::int64_t kInstructionsPerMicrosecond = 100;

// Failures of one script: the first few whole, then one event a minute that says how many there were.
inline constexpr Rate kFailureRate{3, std::chrono::minutes(1)};
// Lines that the scripts of one instance log: five a second for ever, twenty at once.
inline constexpr Rate kLogRate{20, std::chrono::milliseconds(200)};
// Changes of the alarms of one instance. A hundred at once is a plant trip and wanted whole; more than
// five a second for long is chatter that nobody reads (ISA-18.2 and EEMUA 191 ask for ten in ten minutes).
inline constexpr Rate kAlarmRate{100, std::chrono::milliseconds(200)};

// Stretches of time into which an alarm of rate-of-change parts what it remembers: 2 KiB of memory, and
// an excess that is told to be over late by 1/64 of the time at most.
inline constexpr int kCourseParts = 64;

// Between two attempts to save what was not saved.
inline constexpr Duration kSaveRetry = std::chrono::seconds(2);

}  // namespace fieldline::runtime
