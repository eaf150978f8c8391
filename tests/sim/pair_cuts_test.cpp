#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "tests/sim/pair_world.hpp"

using namespace fieldline;
using namespace fieldline::sim;
using namespace std::chrono_literals;

namespace {

// Bit 0: the way there is open; bit 1: the way back.
constexpr std::array<unsigned, 4> kWays{3, 1, 2, 0};

std::string ways(const char* left, const char* right, unsigned open) {
  switch (open) {
    case 3:
      return "both ways";
    case 1:
      return fmt::format("{} → {}", left, right);
    case 2:
      return fmt::format("{} → {}", right, left);
    default:
      return "cut";
  }
}

void cut(PairWorld& world, std::size_t left, std::size_t right, unsigned open) {
  if ((open & 1U) == 0) world.cut(left, right);
  if ((open & 2U) == 0) world.cut(right, left);
}

// Who is active a minute after these links were cut, when `before` was.
std::string verdict(std::size_t before, unsigned ab, unsigned ac, unsigned bc) {
  PairWorld world(1 + before);
  world.start(kC);
  world.start(before);
  REQUIRE(world.run_until([&] { return world.acts(before); }, 20s));
  world.start(1 - before);
  world.run_for(20s);
  REQUIRE(world.acts(before));
  cut(world, kA, kB, ab);
  cut(world, kA, kC, ac);
  cut(world, kB, kC, bc);
  world.run_for(60s);
  const auto acting = world.acting();
  const auto promotions = world.promotions();
  world.run_for(60s);
  CHECK(world.fault() == "");
  CHECK(world.acting() == acting);
  CHECK(world.promotions() == promotions);
  return acting.empty() ? "nobody" : std::string(kPlaces[acting.front()]);
}

std::string table() {
  std::string text = "| a – b | a – central |";
  for (const auto bc : kWays) text += fmt::format(" b – central: {} |", ways("b", "central", bc));
  text += "\n|---|---|---|---|---|---|\n";
  for (const auto ab : kWays) {
    for (const auto ac : kWays) {
      text += fmt::format("| {} | {} |", ways("a", "b", ab), ways("a", "central", ac));
      for (const auto bc : kWays)
        text += fmt::format(" {} / {} |", verdict(kA, ab, ac, bc), verdict(kB, ab, ac, bc));
      text += "\n";
    }
  }
  return text;
}

}  // namespace

TEST_CASE("for all 64 combinations of cut links the verdict is that of docs/pair.md") {
  std::ifstream file(FIELDLINE_SOURCE_DIR "/docs/pair.md");
  std::stringstream content;
  content << file.rdbuf();
  const auto expected = table();
  INFO("docs/pair.md should have:\n" << expected);
  CHECK(content.str().find(expected) != std::string::npos);
}
