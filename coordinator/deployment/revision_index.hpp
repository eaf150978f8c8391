// The revision that each instance would be deployed at now. After a change of the documents it derives
// anew, by itself, what the change reached; a slice of instances at a time, so that others get their
// turns on the worker. Lives on the loop.
#pragma once

#include <memory>
#include <vector>

#include "common/base/executor.hpp"
#include "common/base/worker.hpp"
#include "coordinator/catalog/catalog.hpp"
#include "coordinator/deployment/deployment.hpp"

namespace fieldline::deployment {

class RevisionIndex {
 public:
  // Of all instances in `library`.
  struct Known {
    catalog::LibraryPointer library;
    std::shared_ptr<const DerivedRevisions> revisions;
  };

  RevisionIndex(Executor& loop, Worker& worker, catalog::Catalog& catalog)
      : loop_(loop), worker_(worker), catalog_(catalog) {}

  // Begins to derive what is not known yet of the present documents.
  void refresh();
  // `done` gets what is true of the present documents, or of later ones. kExhausted.
  void ask(Answer<Known> done);

 private:
  class Pass;

  void run(const std::shared_ptr<Pass>& pass);
  void passed(std::shared_ptr<Pass> pass);

  Executor& loop_;
  Worker& worker_;
  catalog::Catalog& catalog_;

  Known known_{std::make_shared<const templates::Library>(), std::make_shared<const DerivedRevisions>()};
  catalog::LibraryPointer computing_;  // null: nothing is computed
  std::vector<Answer<Known>> served_;  // by what is computed
  std::vector<Answer<Known>> next_;    // by the computation after that
};

}  // namespace fieldline::deployment
