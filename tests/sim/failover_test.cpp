#include <array>
#include <catch2/catch.hpp>

#include "tests/seeds.hpp"
#include "tests/sim/world.hpp"

using namespace fieldline;
using namespace fieldline::sim;
using namespace std::chrono_literals;

namespace {

// Every 10 ms of `span`, or until `done`: never may both nodes write to the field.
bool watched(World& world, Duration span, const std::function<bool()>& done) {
  for (Duration passed{}; passed < span; passed += 10ms) {
    REQUIRE_FALSE(world.two_may_act());
    if (done()) return true;
    world.run_for(10ms);
  }
  return done();
}

bool becomes_active(World& world, const Node& node) {
  return watched(world, 30s, [&] { return world.active() == &node; });
}

std::optional<std::string> shown_active(World& world) {
  return world.centre.ask([](auto& coordinator) -> std::optional<std::string> {
    const auto active = coordinator.sites().active("north");
    return active ? std::optional(active->node) : std::nullopt;
  });
}

bool deploys(World& world, const std::string& instance) {
  world.deploy(instance);
  return watched(world, 60s, [&] {
    const auto status = world.status(instance);
    return status && status->state == deployment::DeploymentState::kSuccess &&
           status->standby == deployment::StandbyState::kStored;
  });
}

// What can go wrong, and is undone.
void mishap(World& world) {
  const std::array<std::pair<std::string, std::string>, 6> ways{
      {{"a", "b"}, {"b", "a"}, {"a", "central"}, {"central", "a"}, {"b", "central"}, {"central", "b"}}};
  const auto& [from, to] = ways[world.random.below(ways.size())];
  switch (world.random.below(5)) {
    case 0:
      return world.a.up() ? world.a.crash() : world.a.start();
    case 1:
      return world.b.up() ? world.b.crash() : world.b.start();
    case 2:
      return world.centre.up() ? world.centre.crash() : world.centre.start();
    case 3:
      return world.network.cut(from, to);
    default:
      return world.network.heal(from, to);
  }
}

void mend(World& world) {
  for (const auto* from : {"a", "b", "central"}) {
    for (const auto* to : {"a", "b", "central"}) world.network.heal(from, to);
  }
  if (!world.a.up()) world.a.start();
  if (!world.b.up()) world.b.start();
  if (!world.centre.up()) world.centre.start();
}

}  // namespace

TEST_CASE("the standby of a real pair takes over what the active one ran, and the other way round") {
  World world(7, World::Roles::kSettled);
  world.start();
  REQUIRE(becomes_active(world, world.a));
  REQUIRE(watched(world, 30s, [&] { return shown_active(world) == "a"; }));
  REQUIRE(deploys(world, "Tank1"));
  Node* active = &world.a;
  for (int i = 0; i < 4; ++i) {
    Node* heir = active == &world.a ? &world.b : &world.a;
    active->crash();
    REQUIRE(becomes_active(world, *heir));
    CHECK((**heir).inventory().size() == 1);
    active->start();
    REQUIRE(
        watched(world, 60s, [&] { return shown_active(world) == heir->name() && (**active).connected(); }));
    CHECK(world.active() == heir);
    active = heir;
  }
  REQUIRE(deploys(world, "Tank2"));
}

TEST_CASE("whatever befalls a real pair, never two nodes may act, and in the end one of them serves") {
  const auto [first, last] = seeds(20);
  for (auto seed = first; seed <= last; ++seed) {
    CAPTURE(seed);
    World world(seed, World::Roles::kSettled);
    world.start();
    for (int i = 0; i < 30; ++i) {
      mishap(world);
      watched(world, Duration(static_cast<std::int64_t>(world.random.below(8'000'000))),
              [] { return false; });
    }
    mend(world);
    REQUIRE(watched(world, 120s, [&] {
      const auto shown = shown_active(world);
      return world.active() != nullptr && shown == world.active()->name() && (*world.a).connected() &&
             (*world.b).connected();
    }));
    CHECK(deploys(world, "Tank1"));
  }
}
