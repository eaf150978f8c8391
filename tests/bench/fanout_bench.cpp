// A 20 KiB configuration to 1,000 and 5,000 simulated sites over the real protocol, CURVE and ZAP on,
// beside bare ZeroMQ doing the same. Aims: at least 0.5 of bare for the fan-out, 0.67 for the round trip
// and the memory per connection, 0.7 for the reconnection of a fleet.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <functional>

#include "common/net/descriptors.hpp"
#include "tests/bench/fanout/pipe.hpp"
#include "tests/bench/fanout/plan.hpp"
#include "tests/bench/fanout/world.hpp"
#include "tests/bench/sample_config.hpp"
#include "tests/bench/table.hpp"

namespace {

using namespace fieldline;
using bench::Figures;
using bench::in_fresh_world;
using bench::Plan;

struct World {
  bench::RunSites sites;
  Figures (*centre)(const Plan&, const std::vector<int>&);
};

constexpr World kFieldline{bench::run_sites, bench::measure_centre};
constexpr World kBare{bench::run_bare_sites, bench::measure_bare_centre};

Figures measure(const World& world, const Plan& plan) {
  return in_fresh_world<Figures>(
      plan, world.sites, [&](const std::vector<int>& commands) { return world.centre(plan, commands); });
}

Plan plan_for(std::size_t sites, bool durable) {
  std::vector<net::KeyPair> keys;
  for (std::size_t i = 0; i < sites; ++i) keys.push_back(net::KeyPair::generate());
  return {sites,
          durable,
          std::filesystem::temp_directory_path() / ("fieldline-fanout-" + std::to_string(getpid())),
          net::KeyPair::generate(),
          std::move(keys),
          wire::encode(bench::config_of_20_kib())};
}

Figures compare(const bench::Table& table, std::size_t count, bool durable) {
  const auto plan = plan_for(count, durable);
  const auto bare = measure(kBare, plan);
  const auto ours = measure(kFieldline, plan);
  const auto scale = fmt::format("{} sites{}", count, durable ? ", durable" : "");
  const auto pair = [&](std::string_view metric, double mine, double theirs, std::string_view unit) {
    table.add(metric, mine, unit, scale);
    table.add(fmt::format("{}, bare ZeroMQ", metric), theirs, unit, scale);
    table.add(fmt::format("ratio: {}, bare / Fieldline", metric), theirs / mine, "x", scale);
  };
  pair("fan-out", ours.fanout_ms, bare.fanout_ms, "ms");
  if (durable) return ours;
  pair("command round trip p50", ours.round_trip_us, bare.round_trip_us, "us");
  pair("reconnection of all", ours.reconnect_ms, bare.reconnect_ms, "ms");
  pair("memory per connection", ours.kib_per_connection, bare.kib_per_connection, "KiB");
  return ours;
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Table table("fanout", argc, argv);
  spdlog::set_level(spdlog::level::err);  // ten thousand sites come online
  if (const auto reserved = net::reserve_descriptors(14'000); !reserved) {
    fmt::print(stderr, "fanout: {}\n", reserved.error().describe());
    return 1;
  }
  for (const bool durable : {false, true}) {
    const auto small = compare(table, 1000, durable);
    const auto large = compare(table, 5000, durable);
    table.add(fmt::format("ratio: growth of fan-out{}, 5 x 1,000 / 5,000", durable ? ", durable" : ""),
              5 * small.fanout_ms / large.fanout_ms, "x", "1000 to 5000");
  }
}
