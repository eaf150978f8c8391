// What deploys send, derived on the worker over one snapshot of the documents; templates are expanded
// once for all instances of them. Lives on the loop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/executor.hpp"
#include "common/base/worker.hpp"
#include "coordinator/catalog/catalog.hpp"
#include "coordinator/deployment/deployment.hpp"

namespace fieldline::deployment {

// What a deploy of an instance would send, before anybody has looked whether it may.
struct Draft {
  std::vector<std::string> artifacts;  // that it needs
  database::SentConfig config;
  std::string site;
};

class Drafts {
 public:
  Drafts(Executor& loop, Worker& worker, catalog::Catalog& catalog)
      : loop_(loop), worker_(worker), catalog_(catalog) {}

  // kNotFound; kValidationFailed with all findings; kExhausted.
  void make(const std::string& instance, Answer<Draft> done);
  // The same for several, in the order asked for; when the worker is full it waits for its turn.
  void make_all(std::vector<std::string> instances, std::function<void(std::vector<Result<Draft>>)> done);
  // The documents have changed: what is kept of those before goes.
  void refresh();

 private:
  struct Snapshot;

  [[nodiscard]] std::shared_ptr<Snapshot> present();

  Executor& loop_;
  Worker& worker_;
  catalog::Catalog& catalog_;
  std::shared_ptr<Snapshot> kept_;  // null: nothing was derived of the present documents
};

}  // namespace fieldline::deployment
