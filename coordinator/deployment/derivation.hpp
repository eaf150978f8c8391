// Asks the Template Engine, on a worker, over one snapshot of the documents each. Lives on the loop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/executor.hpp"
#include "common/base/worker.hpp"
#include "coordinator/catalog/catalog.hpp"
#include "coordinator/database/deployment_records.hpp"
#include "coordinator/deployment/bulk.hpp"
#include "coordinator/deployment/deployment.hpp"
#include "coordinator/deployment/revision_index.hpp"
#include "coordinator/templates/flatten.hpp"

namespace fieldline::deployment {

class Derivation {
 public:
  Derivation(Executor& loop, Worker& worker, catalog::Catalog& catalog, database::DeploymentRecords& records)
      : index(loop, worker, catalog), loop_(loop), worker_(worker), catalog_(catalog), records_(records) {}

  void derive(const std::string& instance, Answer<templates::Derived> done);
  // What is deployed, whole.
  void open(const Deployed& deployed, Answer<DeployedConfig> done);
  // From `deployed`, null: nothing, to what is derived now.
  void diff(const std::string& instance, const Deployed* deployed, Answer<Comparison> done);
  // The same for all instances of a site. `deployed`: all that the site has, by name.
  void diff_site(const std::string& site, std::vector<Deployed> deployed, Answer<SiteDiff> done);
  // Names by selection. `deployed`: all that the site has, by name, if `stale` is asked for.
  void select(const std::string& site, std::vector<Deployed> deployed, BulkSelection selection,
              Answer<std::vector<std::string>> done);

  RevisionIndex index;

 private:
  template <class T, class Work>
  void compute(Work work, Answer<T> done);

  Executor& loop_;
  Worker& worker_;
  catalog::Catalog& catalog_;
  database::DeploymentRecords& records_;
  std::size_t site_diffs_ = 0;  // under way
};

}  // namespace fieldline::deployment
