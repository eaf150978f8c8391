#include "coordinator/deployment/desk.hpp"

#include <fmt/format.h>

#include <utility>

namespace fieldline::deployment {
namespace {

// After these a site may have done what central does not know of.
bool is_uncertain(const Deployment& status) {
  const auto& reason = status.reason;
  return status.open() || reason == "no-answer" || reason == "connection-lost" ||
         reason == "coordinator-failover" || reason == "wrong-report";
}

// What a site lacks of what a configuration needs, or has older than the documents.
std::vector<ReportedFinding> findings_of(const std::vector<artifacts::Skew>& skews, const std::string& site,
                                         const std::string& instance) {
  std::vector<ReportedFinding> findings;
  for (const auto& [artifact, cell] : skews) {
    const bool absent = cell == artifacts::Cell::kAbsent;
    findings.push_back({absent ? "artifact-absent" : "artifact-older",
                        absent ? fmt::format("the artifact {} is not at site {}", artifact, site)
                               : fmt::format("the artifact {} is older at site {} than here", artifact, site),
                        "instances/" + instance});
  }
  return findings;
}

// A script that needs what is absent would fail at the site.
Result<> check_artifacts(const Draft& draft, const std::vector<ReportedFinding>& skews) {
  Error error{ErrorCode::kValidationFailed,
              fmt::format("the site {} lacks what {} needs: deploy artifacts to it first", draft.site,
                          draft.config.instance),
              "",
              {}};
  for (const auto& [code, message, path] : skews) {
    if (code == "artifact-absent") error.findings.push_back({code, path, message});
  }
  if (error.findings.empty()) return {};
  return fail(std::move(error));
}

Result<> check_place(const Request& request, const std::string& instance, const std::string& site) {
  if (!request.may_at || request.may_at(site)) return {};
  return fail(ErrorCode::kForbidden,
              fmt::format("{} is of the site {}, where '{}' may not do this", instance, site, request.who));
}

Failure not_deployed(const std::string& instance) {
  return fail(ErrorCode::kConflict, fmt::format("{} is not deployed: deploy it first", instance));
}

}  // namespace

Operations::Listeners Deployments::Desk::listeners() {
  return {[this](const Deployment& row, const Revision& before) { published(row, before); },
          [this](const std::string& site, const std::string& instance, const std::string& deployment) {
            standbys.follow(site, instance, deployment);
          },
          [this](const std::string& site, const std::string& instance) { inventories.touch(site, instance); },
          [this](const std::string& instance, const std::string& who, Answer<> done) {
            catalog.remove_undeployed(instance, who, [done = std::move(done)](Result<> outcome) {
              const bool gone = outcome || outcome.error().code == ErrorCode::kNotFound;
              done(gone ? Result<>() : std::move(outcome));
            });
          }};
}

Result<> Deployments::Desk::load() {
  auto failed = records.fail_open("coordinator-failover",
                                  "the coordinator restarted before the node reported: start it again",
                                  loop.clock().utc());
  if (!failed) return failed;
  const auto statuses = records.statuses();
  if (!statuses) return fail(statuses.error());
  for (const auto& status : *statuses) ledger.set_status(status);
  const auto deployed = records.deployed();
  if (!deployed) return fail(deployed.error());
  for (const auto& item : *deployed) ledger.set_deployed(item);
  return {};
}

Deployment Deployments::Desk::complete(const Deployment& row) const {
  auto whole = row;
  auto standing = standbys.standing(row.site, row.instance);
  whole.standby = standing.state;
  whole.standby_message = std::move(standing.message);
  return whole;
}

bool Deployments::Desk::is_over(const Deployment& row) const {
  return !row.open() && (row.state == DeploymentState::kFailed || !standbys.busy(row.site, row.instance));
}

void Deployments::Desk::published(const Deployment& row, const Revision& before) {
  const auto whole = complete(row);
  const bool gone = ledger.status(row.instance) == nullptr;
  const auto* deployed = ledger.deployed(row.instance);
  tell({row.instance,
        gone ? std::nullopt : std::optional(whole),
        deployed == nullptr ? std::nullopt : std::optional(*deployed),
        {},
        row.open() ? std::nullopt : std::optional(Ended{row, before})});
  waiters.changed(whole, is_over(row));
  bulks.published(row);
}

// The row stays; what the site or its standby holds of the instance does not.
void Deployments::Desk::changed(const std::string& instance, const std::string& message) {
  const auto* deployed = ledger.deployed(instance);
  Change change{instance, std::nullopt, std::nullopt, message, std::nullopt};
  if (deployed != nullptr) change.deployed = *deployed;
  if (const auto* row = ledger.status(instance)) change.status = complete(*row);
  tell(change);
  if (change.status) {
    waiters.changed(*change.status, is_over(*change.status));
  } else {
    waiters.gone(instance);
  }
}

void Deployments::Desk::tell(const Change& change) const {
  for (const auto& listener : change_listeners) listener(change);
}

void Deployments::Desk::fail_later(const Answer<Deployment>& done, Error error) {
  loop.post([done, error = std::move(error)] { done(fail(error)); });
}

Result<database::SentConfig> Deployments::Desk::permitted(Draft draft) {
  const auto& instance = draft.config.instance;
  const auto* before = ledger.deployed(instance);
  if (before != nullptr && before->site != draft.site)
    return fail(ErrorCode::kConflict,
                fmt::format("{} is deployed at {}: delete it there before it moves to {}", instance,
                            before->site, draft.site));
  auto skews = warnings(draft.site, instance, draft.artifacts);
  if (auto present = check_artifacts(draft, skews); !present) return fail(std::move(present.error()));
  operations.warn(instance, std::move(skews));
  return std::move(draft.config);
}

Result<database::SentConfig> Deployments::Desk::reviewed(const Request& request, Result<Draft> draft) {
  if (!draft) return fail(std::move(draft.error()));
  const auto& [bytes, instance, provenance, revision] = draft->config;
  if (auto allowed = check_place(request, instance, draft->site); !allowed)
    return fail(std::move(allowed.error()));
  if (request.reviewed && *request.reviewed != revision)
    return fail(
        ErrorCode::kPreconditionFailed,
        fmt::format("{} would be deployed at revision {}, not at {} as reviewed: look at the diff again",
                    instance, revision, *request.reviewed));
  return permitted(std::move(*draft));
}

void Deployments::Desk::drafted(const std::string& instance, const Request& request, Result<Draft> draft,
                                const Answer<Deployment>& done) {
  const auto site = draft ? draft->site : std::string();
  auto config = reviewed(request, std::move(draft));
  if (!config) {
    operations.release(instance);
    return done(fail(std::move(config.error())));
  }
  operations.start(instance, site, std::move(*config), done);
}

std::vector<ReportedFinding> Deployments::Desk::warnings(const std::string& site, const std::string& instance,
                                                         const std::vector<std::string>& names) const {
  return findings_of(artifacts.skew(site, names), site, instance);
}

void Deployments::Desk::command(const std::string& instance, DeploymentKind kind, const Request& request,
                                const Answer<Deployment>& done) {
  const auto* deployed = ledger.deployed(instance);
  if (deployed == nullptr) return fail_later(done, not_deployed(instance).value());
  const auto site = deployed->site;
  if (auto allowed = check_place(request, instance, site); !allowed)
    return fail_later(done, std::move(allowed.error()));
  if (auto held = operations.hold(instance, kind, request.who); !held)
    return fail_later(done, std::move(held.error()));
  operations.start(instance, site, done);
}

void Deployments::Desk::remove(const std::string& instance, const Request& request, Answer<Deployment> done) {
  const auto library = catalog.library();
  const auto* document = library->find(templates::DocumentKind::kInstance, instance);
  const auto* deployed = ledger.deployed(instance);
  const auto* status = ledger.status(instance);
  const bool uncertain = status != nullptr && is_uncertain(*status);
  if (document == nullptr && deployed == nullptr && !uncertain)
    return fail_later(done, {ErrorCode::kNotFound, fmt::format("there is no instance {}", instance), {}, {}});
  const auto site = deployed != nullptr ? deployed->site
                    : uncertain         ? status->site
                                        : document->instance().site;
  if (auto allowed = check_place(request, instance, site); !allowed)
    return fail_later(done, std::move(allowed.error()));
  if (auto held = operations.hold(instance, DeploymentKind::kDelete, request.who); !held)
    return fail_later(done, std::move(held.error()));
  if (deployed != nullptr || uncertain) return operations.start(instance, site, std::move(done));
  operations.finish_removal(instance, site, std::move(done));
}

}  // namespace fieldline::deployment
