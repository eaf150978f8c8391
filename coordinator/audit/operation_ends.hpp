// Records how each operation on an instance ends: with what came of it, from which revision to which,
// and what it changed. Lives on the coordinator's loop; made and destroyed while that does not run.
#pragma once

#include <deque>
#include <string>

#include "common/base/executor.hpp"
#include "common/base/worker.hpp"
#include "coordinator/audit/log.hpp"
#include "coordinator/database/deployment_records.hpp"
#include "coordinator/deployment/deployments.hpp"
#include "coordinator/templates/diff.hpp"

namespace fieldline::audit {

class OperationEnds {
 public:
  struct Neighbours {
    Executor& loop;
    Worker& worker;  // compares
    database::AuditRecords& entries;
    database::DeploymentRecords& records;
    deployment::Deployments& deployments;
    Log& log;
  };

  explicit OperationEnds(const Neighbours& neighbours);
  OperationEnds(const OperationEnds&) = delete;
  OperationEnds& operator=(const OperationEnds&) = delete;

  // Operations that ended while nobody recorded it: those that the restart failed, and those whose
  // entry a crash forestalled. Waits for the database.
  Result<> start();

 private:
  void add(const deployment::Ended& ended, bool found_at_start);
  void compare_next();
  void compared(const Json& details);

  struct Uncompared {
    Entry entry;
    Revision before;
    Revision after;
  };

  const Neighbours with_;
  std::deque<Uncompared> uncompared_;
  bool comparing_ = false;
};

// How many members and bindings it touches, and the names of the first.
Json summary_of(const templates::Diff& diff);

}  // namespace fieldline::audit
