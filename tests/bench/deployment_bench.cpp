// Ten instances of 28 KiB to each of 1,000 simulated sites, by a bulk for each site: the real
// coordinator over the real protocol, its database on the disk, SQLite and PostgreSQL. Beside it, in the
// same run, what bounds it: bare ZeroMQ with the same bytes, and bare group commits of the same rows.
// Aim: at least 0.5 of the slower one. Then 5,000 agents that lose their coordinator at once.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>

#include "common/net/descriptors.hpp"
#include "tests/bench/deployment/centre.hpp"
#include "tests/bench/fanout/pipe.hpp"
#include "tests/bench/fanout/world.hpp"
#include "tests/bench/table.hpp"
#include "tests/postgresql/cluster.hpp"

namespace {

using namespace fieldline;
using bench::BulkFigures;
using bench::Figures;
using bench::in_fresh_world;
using bench::Plan;
using bench::StormFigures;

constexpr std::size_t kSites = 1000;
constexpr std::size_t kAgentsOfStorm = 5000;

Plan plan_for(std::size_t sites, std::size_t config_bytes) {
  std::vector<net::KeyPair> keys;
  for (std::size_t i = 0; i < sites; ++i) keys.push_back(net::KeyPair::generate());
  return {sites,
          false,
          std::filesystem::temp_directory_path() / ("fieldline-deployment-" + std::to_string(getpid())),
          net::KeyPair::generate(),
          std::move(keys),
          std::string(config_bytes, 'c')};
}

BulkFigures deploy(std::size_t sites, const std::string& database) {
  const auto plan = plan_for(sites, 0);
  return in_fresh_world<BulkFigures>(plan, bench::run_sites, [&](const std::vector<int>& commands) {
    return bench::measure_bulk(plan, commands, database);
  });
}

// Instances a second.
double raw_fan_out(std::size_t sites, std::size_t config_bytes) {
  const auto plan = plan_for(sites, config_bytes);
  const auto figures = in_fresh_world<Figures>(
      plan, bench::run_bare_sites,
      [&](const std::vector<int>& commands) { return bench::measure_bare_centre(plan, commands); });
  return static_cast<double>(sites) / figures.fanout_ms * 1000;
}

StormFigures storm() {
  const auto plan = plan_for(kAgentsOfStorm, 0);
  return in_fresh_world<StormFigures>(plan, bench::run_sites, [&](const std::vector<int>& commands) {
    return measure_storm(plan, commands);
  });
}

// A limit is what was reached at best.
double best_of_three(const std::function<double()>& measure) {
  return std::max({measure(), measure(), measure()});
}

std::string scale_of(std::size_t sites) {
  return fmt::format("{} instances, {} sites", sites * bench::kInstancesPerSite, sites);
}

void show(const bench::Table& table, const std::string& database, const BulkFigures& figures,
          std::size_t sites) {
  const auto scale = scale_of(sites);
  table.add("bulk deployment, " + database, figures.per_second, "inst/s", scale);
  table.add("one deployment of it p50", figures.p50_ms, "ms", scale);
  table.add("one deployment of it p99", figures.p99_ms, "ms", scale);
  table.add("REST reads meanwhile p99", figures.reads_p99_ms, "ms", scale);
  table.add("peak memory of the coordinator", figures.peak_mib, "MiB", scale);
}

// `address` makes a place for each run: none starts with what another one left.
BulkFigures compare(const bench::Table& table, const std::string& database,
                    const std::function<std::string()>& address) {
  const auto small = deploy(kSites / 10, address());
  show(table, database, small, kSites / 10);
  const auto large = deploy(kSites, address());
  show(table, database, large, kSites);
  table.add("ratio: growth of bulk deployment, " + database, large.per_second / small.per_second, "x",
            "1,000 to 10,000 instances");
  return large;
}

void hold_against(const bench::Table& table, const std::string& database, const BulkFigures& figures,
                  double fan_out, double commits) {
  table.add("commits, bare " + database, commits, "inst/s", scale_of(kSites));
  table.add("ratio: bulk deployment / slower limit, " + database,
            figures.per_second / std::min(fan_out, commits), "x", scale_of(kSites));
}

void show(const bench::Table& table, const StormFigures& figures) {
  const auto scale = fmt::format("{} agents", kAgentsOfStorm);
  table.add("all agents come back", figures.back_ms, "ms", scale);
  table.add("REST reads meanwhile p99", figures.reads_p99_ms, "ms", scale);
  table.add("peak memory of the coordinator", figures.peak_mib, "MiB", scale);
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Table table("deployment", argc, argv);
  spdlog::set_level(spdlog::level::err);
  if (const auto reserved = net::reserve_descriptors(14'000); !reserved) {
    fmt::print(stderr, "deployment: {}\n", reserved.error().describe());
    return 1;
  }
  auto& cluster = sql::Cluster::shared();
  const auto on_sqlite = compare(table, "SQLite", [] { return std::string(); });
  const auto on_postgresql = compare(table, "PostgreSQL", [&] { return cluster.new_schema(); });

  const bench::RowSizes rows{static_cast<std::size_t>(on_sqlite.config_bytes),
                             static_cast<std::size_t>(on_sqlite.provenance_bytes)};
  constexpr auto kInstances = kSites * bench::kInstancesPerSite;
  const auto fan_out = best_of_three([&] { return raw_fan_out(kSites, rows.config); });
  table.add("size of a configuration", on_sqlite.config_bytes / 1024, "KiB", "");
  table.add("size of its provenance", on_sqlite.provenance_bytes / 1024, "KiB", "");
  table.add("fan-out, bare ZeroMQ", fan_out, "inst/s", scale_of(kSites));
  hold_against(table, "SQLite", on_sqlite, fan_out,
               best_of_three([&] { return bench::raw_commits_on_sqlite(kInstances, rows); }));
  hold_against(table, "PostgreSQL", on_postgresql, fan_out, best_of_three([&] {
                 return bench::raw_commits_on_postgresql(cluster.new_schema(), kInstances, rows);
               }));
  show(table, storm());
}
