// Which instances of a site a bulk is about. Pure: runs on a worker.
#pragma once

#include <string>
#include <vector>

#include "coordinator/deployment/bulk.hpp"
#include "coordinator/deployment/deployment.hpp"
#include "coordinator/templates/library.hpp"

namespace fieldline::deployment {

// What there is to choose from. `deployed` and `derived` count only where `stale` is asked for.
struct BulkChoice {
  const templates::Library& library;
  std::string site;
  const std::vector<Deployed>& deployed;  // all that the site has, by name
  const DerivedRevisions* derived;
};

// By name, each once. kNotFound: one that is named is not at the site.
Result<std::vector<std::string>> select(const BulkSelection& selection, const BulkChoice& from);

}  // namespace fieldline::deployment
