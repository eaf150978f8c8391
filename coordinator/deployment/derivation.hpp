// Asks the Template Engine, on a worker, over one snapshot of the documents each. Keeps the derived
// revisions of the latest snapshot and re-derives only what a change may have reached. Lives on the
// loop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/executor.hpp"
#include "common/base/worker.hpp"
#include "coordinator/catalog/catalog.hpp"
#include "coordinator/database/deployment_records.hpp"
#include "coordinator/deployment/deployment.hpp"
#include "coordinator/templates/diff.hpp"
#include "coordinator/templates/flatten.hpp"

namespace fieldline::deployment {

class Derivation {
 public:
  using Revisions = std::shared_ptr<const DerivedRevisions>;

  Derivation(Executor& loop, Worker& worker, catalog::Catalog& catalog, database::DeploymentRecords& records)
      : loop_(loop), worker_(worker), catalog_(catalog), records_(records) {}

  void derive(const std::string& instance, Answer<templates::Derived> done);
  void revisions(Answer<Revisions> done);
  // What is deployed, whole.
  void open(const Deployed& deployed, Answer<DeployedConfig> done);
  // From `deployed`, null: nothing, to what is derived now.
  void diff(const std::string& instance, const Deployed* deployed, Answer<templates::Diff> done);

 private:
  template <class T, class Work>
  void compute(Work work, Answer<T> done);
  void derive_all();
  void derived_all(catalog::LibraryPointer library, Result<Revisions> outcome);

  Executor& loop_;
  Worker& worker_;
  catalog::Catalog& catalog_;
  database::DeploymentRecords& records_;

  catalog::LibraryPointer known_library_ = std::make_shared<const templates::Library>();
  Revisions known_ = std::make_shared<const DerivedRevisions>();
  catalog::LibraryPointer computing_;      // null: nothing is computed
  std::vector<Answer<Revisions>> served_;  // by what is computed
  std::vector<Answer<Revisions>> next_;    // by the computation after that
};

}  // namespace fieldline::deployment
