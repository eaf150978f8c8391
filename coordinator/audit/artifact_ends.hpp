// Records how each delivery of artifacts to a site ends, retries too. Lives on the coordinator's loop;
// made and destroyed while that does not run.
#pragma once

#include "coordinator/artifacts/artifacts.hpp"
#include "coordinator/audit/log.hpp"

namespace fieldline::audit {

class ArtifactEnds {
 public:
  struct Neighbours {
    database::AuditRecords& entries;
    artifacts::Artifacts& artifacts;
    Log& log;
  };

  explicit ArtifactEnds(const Neighbours& neighbours);
  ArtifactEnds(const ArtifactEnds&) = delete;
  ArtifactEnds& operator=(const ArtifactEnds&) = delete;

  // Deliveries that ended while nobody recorded it: those that the restart failed, and those whose entry
  // a crash forestalled. Waits for the database.
  Result<> start();

 private:
  const Neighbours with_;
};

}  // namespace fieldline::audit
