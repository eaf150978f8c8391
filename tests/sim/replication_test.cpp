#include <spdlog/spdlog.h>

#include <catch2/catch.hpp>

#include "tests/seeds.hpp"
#include "tests/sim/replication_world.hpp"

using namespace fieldline;
using namespace fieldline::sim;

namespace {

// ctest runs each of the cases by itself, and several at once.
constexpr std::uint64_t kParts = 8;

}  // namespace

TEMPLATE_TEST_CASE_SIG(
    "whatever befalls a pair, what it accepted arrives or waits, and what both know to be over is over", "",
    ((std::uint64_t Part), Part), 0, 1, 2, 3, 4, 5, 6, 7) {
  const auto [first, last] = seeds(FIELDLINE_STORMS);
  if (first != last) spdlog::set_level(spdlog::level::off);  // one alone tells what happens
  ReplicationReport all;
  for (auto seed = first; seed <= last; ++seed) {
    if (seed % kParts != Part) continue;
    const auto report = replication_storm(seed);
    if (!report.fault.empty()) FAIL_CHECK("FIELDLINE_SEED=" << seed << " repeats this: " << report.fault);
    all.accepted += report.accepted;
    all.takeovers += report.takeovers;
    all.switches += report.switches;
    all.doubles += report.doubles;
  }
  WARN(all.accepted << " messages accepted, " << all.doubles << " deliveries repeated, " << all.takeovers
                    << " crashes, " << all.switches << " switches begun");
}
