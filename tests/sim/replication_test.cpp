#include <spdlog/spdlog.h>

#include <catch2/catch.hpp>

#include "tests/seeds.hpp"
#include "tests/sim/replication_storms.hpp"

using namespace fieldline;
using namespace fieldline::sim;

namespace {

// ctest runs each of the cases by itself, and several at once.
constexpr std::uint64_t kParts = 8;
// Of so many seeds one at least has everything that a storm can have.
constexpr std::uint64_t kMany = 50;

// Of every `parts` seeds the one of this part.
void weather(ReplicationReport (*storm)(std::uint64_t), std::uint64_t count, std::uint64_t part,
             std::uint64_t parts) {
  const auto [first, last] = seeds(count);
  if (first != last) spdlog::set_level(spdlog::level::off);  // one alone tells what happens
  ReplicationReport all;
  for (auto seed = first; seed <= last; ++seed) {
    if (seed % parts != part) continue;
    const auto report = storm(seed);
    if (!report.fault.empty()) FAIL_CHECK("FIELDLINE_SEED=" << seed << " repeats this: " << report.fault);
    all.accepted += report.accepted;
    all.takeovers += report.takeovers;
    all.switches += report.switches;
    all.doubles += report.doubles;
    all.disks += report.disks;
    all.excused += report.excused;
    all.saves += report.saves;
  }
  WARN(all.accepted << " messages accepted, " << all.doubles << " deliveries repeated, " << all.takeovers
                    << " crashes, " << all.switches << " switches begun, " << all.disks << " disks lost, "
                    << all.excused << " messages with them, " << all.saves << " states saved");
  if ((last - first) / parts < kMany) return;
  CHECK(all.saves > 0);
  if (storm == disk_storm) CHECK(all.disks > 0);
}

}  // namespace

TEMPLATE_TEST_CASE_SIG(
    "whatever befalls a pair, what it accepted arrives or waits, and what both know to be over is over", "",
    ((std::uint64_t Part), Part), 0, 1, 2, 3, 4, 5, 6, 7) {
  weather(replication_storm, FIELDLINE_STORMS, Part, kParts);
}

TEST_CASE("a node whose disk is lost comes in line, and nothing is missing that the other one had") {
  weather(disk_storm, FIELDLINE_STORMS / kParts, 0, 1);
}

TEST_CASE("a standby that lost the last words of a stream gets them, and a planned switch loses nothing") {
  weather(quiet_storm, FIELDLINE_STORMS / kParts, 0, 1);
}
