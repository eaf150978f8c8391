#include "tests/sim/pair_storm.hpp"

#include <vector>

namespace fieldline::sim {
namespace {

using namespace std::chrono_literals;

double some_rate(Random& random) {
  return 0.95 + random.fraction() * 0.1;
}

Duration up_to(Random& random, Duration most) {
  return Duration(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(most.count()))));
}

void change_weather(PairWorld& world) {
  PairWeather weather;
  const bool slow = world.random.below(2) == 0;
  weather.latency = 1ms + up_to(world.random, slow ? Duration(6s) : Duration(100ms));
  if (world.random.below(2) == 0) weather.loss = world.random.fraction() * 0.5;
  if (world.random.below(2) == 0) weather.duplication = world.random.fraction() * 0.5;
  if (world.random.below(3) == 0) weather.bad_disk = world.random.fraction() * 0.5;
  if (world.random.below(3) == 0) weather.sudden = world.random.fraction() * 0.02;
  world.set_weather(weather);
}

void crash_or_start(PairWorld& world, std::size_t place) {
  if (world.up(place)) return world.crash(place, world.random.below(3) == 0);
  world.start(place);
}

// What a storm likes to do, beside everything else.
enum class Temper { kAll, kLateAnswers, kRestarts, kElections };

enum class Blow {
  kCrashOrStart,
  kRestart,
  kCut,
  kHeal,
  kPause,
  kWeather,
  kDelay,
  kLongDelay,
  kThinThread,
  kDepose,
  kMoveSession,
  kSetClock,
  kSwitch,
  kMaintenance,
};

Blow some_blow(Random& random, Temper temper) {
  static const std::vector<Blow> kAny{
      Blow::kCrashOrStart, Blow::kCrashOrStart, Blow::kRestart,   Blow::kCut,
      Blow::kCut,          Blow::kCut,          Blow::kHeal,      Blow::kPause,
      Blow::kWeather,      Blow::kDelay,        Blow::kLongDelay, Blow::kDepose,
      Blow::kSwitch,       Blow::kMoveSession,  Blow::kSetClock,  Blow::kMaintenance};
  static const std::vector<Blow> kLate{Blow::kThinThread, Blow::kThinThread, Blow::kCut, Blow::kCut,
                                       Blow::kHeal};
  static const std::vector<Blow> kStarts{Blow::kRestart, Blow::kRestart, Blow::kLongDelay, Blow::kPause};
  static const std::vector<Blow> kTerms{Blow::kDepose, Blow::kMoveSession, Blow::kCut, Blow::kHeal};
  const auto one_of = [&](const std::vector<Blow>& blows) { return blows[random.below(blows.size())]; };
  if (temper == Temper::kAll || random.below(3) == 0) return one_of(kAny);
  if (temper == Temper::kLateAnswers) return one_of(kLate);
  return one_of(temper == Temper::kRestarts ? kStarts : kTerms);
}

void misfortune(PairWorld& world, Temper temper) {
  auto& random = world.random;
  const auto place = random.below(3);
  const auto other = (place + 1 + random.below(2)) % 3;
  const auto node = random.below(2);
  switch (some_blow(random, temper)) {
    case Blow::kCrashOrStart:
      return crash_or_start(world, place);
    case Blow::kRestart:  // at once, as a supervisor does
      world.crash(place, random.below(3) == 0);
      return world.start(place);
    case Blow::kCut:
      return world.cut(place, other);
    case Blow::kHeal:
      return world.heal();
    case Blow::kPause:
      return world.pause(place, up_to(random, 20s));
    case Blow::kWeather:
      return change_weather(world);
    case Blow::kDelay:  // answers come late, of requests that do not
      return world.delay(place, other, up_to(random, 4s));
    case Blow::kLongDelay:  // as long as a life of the one that waits for them
      return world.delay(place, other, 5s + up_to(random, 10s));
    case Blow::kThinThread:  // a node without its peer, and with late answers of the coordinator
      world.cut(kA, kB);
      world.cut(kB, kA);
      return world.delay(kC, node, up_to(random, 4s));
    case Blow::kDepose:
      if (world.up(kC)) world.depose_central();
      return;
    case Blow::kMoveSession:
      return world.move_session(node);
    case Blow::kSetClock:
      return world.jump_wall_clock(node, up_to(random, 60s) - 30s);
    case Blow::kMaintenance:
      return world.command(
          node, random.below(2) == 0 ? pair::Command::kEnterMaintenance : pair::Command::kLeaveMaintenance);
    case Blow::kSwitch:
      return world.command(node, pair::Command::kSwitch);
  }
}

std::string settle(PairWorld& world) {
  world.heal();
  world.set_weather({});
  for (std::size_t place : {kC, kA, kB}) {
    world.pause(place, 0s);
    if (!world.up(place)) world.start(place);
  }
  for (std::size_t node : {kA, kB}) {
    world.move_session(node);
    world.command(node, pair::Command::kLeaveMaintenance);
  }
  // A hold, a lease that someone got just before, and an attempt that another one thwarted.
  if (!world.run_until([&] { return world.acting().size() == 1; }, 30s))
    return "nobody is active half a minute after all was mended: " + world.describe();
  world.run_for(20s);
  const auto before = world.promotions();
  world.run_for(20s);
  if (world.acting().size() != 1 || world.promotions() != before)
    return "the active node does not stay so: " + world.describe();
  const auto standby = 1 - world.acting().front();
  if (world.phase(standby) != NodePhase::kStandby) return "there is no standby: " + world.describe();
  return {};
}

}  // namespace

StormReport storm(std::uint64_t seed) {
  PairWorld world(seed);
  auto& random = world.random;
  world.set_rates(some_rate(random), some_rate(random), some_rate(random));
  const auto temper = static_cast<Temper>(seed % 4);
  world.start(kC);
  if (random.below(2) == 0) world.run_for(up_to(random, 10s));
  world.start(kA);
  if (random.below(2) == 0) world.run_for(up_to(random, 10s));
  world.start(kB);
  for (Duration passed{}; passed < 5min && world.fault().empty();) {
    const auto span = up_to(random, random.below(3) == 0 ? Duration(15s) : Duration(3s));
    world.run_for(span);
    passed += span;
    misfortune(world, temper);
  }
  const auto unsettled = world.fault().empty() ? settle(world) : "";
  if (!world.fault().empty()) return {world.fault(), true, world.promotions()};
  return {unsettled, false, world.promotions()};
}

}  // namespace fieldline::sim
