// The words of the Deployment Manager. Plain values.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/result.hpp"
#include "common/model/flat_config.hpp"
#include "coordinator/database/deployment.hpp"
#include "coordinator/sites/answer.hpp"
#include "coordinator/templates/diff.hpp"
#include "coordinator/templates/flatten.hpp"

namespace fieldline::deployment {

using database::Deployed;
using database::Deployment;
using database::DeploymentKind;
using database::DeploymentState;
using database::StandbyState;

using sites::Answer;

// Who wants an operation, and for a deploy optionally the revision that they have reviewed.
struct Request {
  std::string who;
  std::optional<Revision> reviewed;
  // May they, at this site? Asked once the site is certain: an instance can move until then. None:
  // everywhere.
  std::function<bool(const std::string& site)> may_at = {};
};

// What a site runs, whole. `config` is absent when central never saw the bytes of that revision,
// `provenance` also when an older release sent them.
struct DeployedConfig {
  Deployed deployed;
  std::optional<FlatConfig> config;
  std::optional<templates::Provenance> provenance;
};

// What a deploy would change, from one revision to the other.
struct Comparison {
  Revision deployed;  // empty: nothing is
  Revision derived;
  templates::Diff diff;
  std::string site;
  std::vector<std::string> artifacts;  // that the derived configuration needs
};

// An instance of a site that differs from what is deployed of it, or that can't be compared.
struct InstanceDiff {
  std::string instance;
  Revision deployed;
  Revision derived;            // empty: it does not derive
  std::string diff;            // JSON of templates::Diff; empty: there is an error, or it is left out
  std::optional<Error> error;  // why it can't be compared
  bool truncated = false;      // the diff or the findings are left out: the answer holds no more
};

// All instances of a site, by name. Those that are deployed as they are derived are not listed.
struct SiteDiff {
  std::string site;
  std::map<templates::Cause, std::size_t> causes;  // how many instances each reaches
  std::vector<InstanceDiff> instances;
  std::vector<std::string> not_deployed;
};

// Of all instances in one set of documents.
struct DerivedRevisions {
  // By instance: the revision that it would get if it were deployed now; empty: it has findings.
  std::unordered_map<std::string, Revision> of;
  std::unordered_map<std::string, std::size_t> instances_at;  // by site

  [[nodiscard]] bool is_stale(const Deployed& deployed) const {
    const auto found = of.find(deployed.instance);
    return found == of.end() || found->second != deployed.revision;
  }
};

// How the instances of one site stand.
struct SiteTally {
  std::size_t deployed = 0;
  std::size_t failed = 0;  // whose latest operation failed there
  std::size_t instances = 0;
  std::size_t stale = 0;

  static constexpr auto fields =
      fields_in_order(required("deployed", &SiteTally::deployed), required("failed", &SiteTally::failed),
                      required("instances", &SiteTally::instances), required("stale", &SiteTally::stale));
};

// An operation that is over.
struct Ended {
  Deployment row;
  Revision before;  // what its site ran of the instance when it began; empty: nothing
};

// Something changed that people watch: the status of an instance, or what its site runs.
struct Change {
  std::string instance;
  std::optional<Deployment> status;  // absent: the instance has none any more
  std::optional<Deployed> deployed;  // absent: nothing is deployed
  std::string message;               // of a difference that nobody ordered; else empty
  std::optional<Ended> ended;        // the operation that this change is the end of
};

}  // namespace fieldline::deployment
