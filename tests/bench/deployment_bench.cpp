// Ten instances of 20 KiB to each of 1,000 simulated sites, by a bulk for each site: the real
// coordinator over the real protocol, its database on the disk. Beside it, in the same run, what bounds
// it: bare ZeroMQ with the same bytes, and bare group commits of the same rows. Aim: at least 0.5 of
// the slower one. `--database=URL` takes another database than a file of its own.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <functional>

#include "common/net/descriptors.hpp"
#include "tests/bench/deployment/centre.hpp"
#include "tests/bench/fanout/children.hpp"
#include "tests/bench/fanout/pipe.hpp"
#include "tests/bench/table.hpp"

namespace {

using namespace fieldline;
using bench::BulkFigures;
using bench::Figures;
using bench::in_child;
using bench::new_pipe;
using bench::Plan;
using bench::reap;

// Centre and sites in fresh processes, so that memory is comparable.
template <class Measured>
Measured in_fresh_world(const Plan& plan, void (*sites)(const Plan&, bench::Share, int),
                        const std::function<Measured(const std::vector<int>&)>& centre) {
  std::filesystem::remove_all(plan.folder);
  std::filesystem::create_directories(plan.folder);
  const auto line = new_pipe();
  const auto far = in_child([&] {
    close(line[1]);
    sites(plan, {0, plan.sites}, line[0]);
  });
  close(line[0]);
  const auto result = new_pipe();
  const auto near = in_child([&] {
    const auto figures = centre({line[1]});
    FIELDLINE_CHECK(write(result[1], &figures, sizeof figures) == sizeof figures);
  });
  close(result[1]);
  close(line[1]);
  Measured figures;
  FIELDLINE_CHECK(read(result[0], &figures, sizeof figures) == sizeof figures);
  close(result[0]);
  reap(far);
  reap(near);
  return figures;
}

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

std::string scale_of(std::size_t sites) {
  return fmt::format("{} instances, {} sites", sites * bench::kInstancesPerSite, sites);
}

void show(const bench::Table& table, const BulkFigures& figures, std::size_t sites) {
  const auto scale = scale_of(sites);
  table.add("bulk deployment", figures.per_second, "inst/s", scale);
  table.add("one deployment of it p50", figures.p50_ms, "ms", scale);
  table.add("one deployment of it p99", figures.p99_ms, "ms", scale);
  table.add("REST reads meanwhile p99", figures.reads_p99_ms, "ms", scale);
  table.add("peak memory of the coordinator", figures.peak_mib, "MiB", scale);
}

std::string database_of(int argc, char** argv) {
  constexpr std::string_view kFlag = "--database=";
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument(argv[i]);
    if (argument.starts_with(kFlag)) return std::string(argument.substr(kFlag.size()));
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Table table("deployment", argc, argv);
  spdlog::set_level(spdlog::level::err);
  if (const auto reserved = net::reserve_descriptors(14'000); !reserved) {
    fmt::print(stderr, "deployment: {}\n", reserved.error().describe());
    return 1;
  }
  const auto database = database_of(argc, argv);
  constexpr std::size_t kSites = 1000;
  const auto small = deploy(kSites / 10, database);
  show(table, small, kSites / 10);
  const auto large = deploy(kSites, database);
  show(table, large, kSites);
  table.add("ratio: growth, 1,000 to 10,000 instances", large.per_second / small.per_second, "x", "");

  const auto config_bytes = static_cast<std::size_t>(large.config_bytes);
  const auto fan_out = raw_fan_out(kSites, config_bytes);
  const auto folder = std::filesystem::temp_directory_path() / ("fieldline-raw-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const auto commits = bench::raw_commits_per_second(folder, kSites * bench::kInstancesPerSite, config_bytes,
                                                     static_cast<std::size_t>(large.provenance_bytes));
  std::filesystem::remove_all(folder);
  table.add("size of a configuration", large.config_bytes / 1024, "KiB", "");
  table.add("size of its provenance", large.provenance_bytes / 1024, "KiB", "");
  table.add("fan-out, bare ZeroMQ", fan_out, "inst/s", scale_of(kSites));
  table.add("commits, bare SQLite", commits, "inst/s", scale_of(kSites));
  table.add("ratio: bulk deployment / the slower of these", large.per_second / std::min(fan_out, commits),
            "x", scale_of(kSites));
}
