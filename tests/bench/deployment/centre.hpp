// A whole coordinator under a bulk deployment to simulated sites, and what is measured of it.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/fanout/plan.hpp"

namespace fieldline::bench {

inline constexpr std::size_t kInstancesPerSite = 10;

struct BulkFigures {
  double per_second = 0;  // instances, from the first request to the last end
  double p50_ms = 0;      // of one deployment, from its lock to its end
  double p99_ms = 0;
  double reads_p99_ms = 0;      // of REST reads meanwhile
  double peak_mib = 0;          // resident, the whole process
  double config_bytes = 0;      // of one configuration, as sent
  double provenance_bytes = 0;  // kept with it
};

// What agents that come back all at once do to a coordinator.
struct StormFigures {
  double back_ms = 0;       // until every one of them is online again
  double reads_p99_ms = 0;  // of REST reads meanwhile
  double peak_mib = 0;      // resident, the whole process
};

struct RowSizes {
  std::size_t config = 0;
  std::size_t provenance = 0;
};

// `database`: its connection string; empty: a file of its own.
BulkFigures measure_bulk(const Plan& plan, const std::vector<int>& commands, const std::string& database);

// A site for each agent.
StormFigures measure_storm(const Plan& plan, const std::vector<int>& commands);

// Instances a second whose rows a plain group commit gets onto the disk: prepared statements, 512 writes
// in one commit, in the two groups that no deployment can do without: the attempt with its configuration
// before the order leaves, and the end with what is deployed after its report.
double raw_commits_on_sqlite(std::size_t instances, const RowSizes& sizes);
double raw_commits_on_postgresql(const std::string& address, std::size_t instances, const RowSizes& sizes);

}  // namespace fieldline::bench
