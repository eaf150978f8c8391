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

// `database`: its connection string; empty: a file of its own.
BulkFigures measure_bulk(const Plan& plan, const std::vector<int>& commands, const std::string& database);

// Instances a second whose rows a plain group commit gets onto the disk: the attempt with the
// configuration first, then the end with what is deployed.
double raw_commits_per_second(const std::string& folder, std::size_t instances, std::size_t config_bytes,
                              std::size_t provenance_bytes);

}  // namespace fieldline::bench
