// Compares all instances of one site, a slice at a time: reads what was sent from the database, then
// derives and compares on the worker, where others get their turns in between. Holds no more than
// kSiteDiffBytes of text. Begins and ends on the loop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/executor.hpp"
#include "common/base/worker.hpp"
#include "coordinator/database/deployment_records.hpp"
#include "coordinator/deployment/deployment.hpp"
#include "coordinator/deployment/revision_index.hpp"

namespace fieldline::deployment {

class SiteComparison : public std::enable_shared_from_this<SiteComparison> {
 public:
  struct Neighbours {
    Executor& loop;
    Worker& worker;
    database::DeploymentRecords& records;
  };

  // `deployed`: all that the site has, by name.
  SiteComparison(Neighbours with, std::string site, std::vector<Deployed> deployed,
                 RevisionIndex::Known known, Answer<SiteDiff> done);
  // Once. It lives on until `done` has been called.
  void start();

 private:
  using Stored = database::StoredConfigs;

  template <class Work>
  void on_worker(Work work);
  void sort_out();
  void read_next();
  void compare_slice(const Stored& stored);
  void compare_one(const Deployed& deployed, const std::optional<database::SentConfig>& sent);
  [[nodiscard]] bool fits(std::size_t bytes);
  void finish(Result<> outcome);

  const Neighbours with_;
  const RevisionIndex::Known known_;
  Answer<SiteDiff> done_;
  // Touched by one slice or by the loop between two, never by both at a time.
  std::vector<Deployed> open_;
  std::size_t at_ = 0;
  std::size_t bytes_ = 0;
  templates::Flattener flattener_;
  SiteDiff diff_;
};

}  // namespace fieldline::deployment
