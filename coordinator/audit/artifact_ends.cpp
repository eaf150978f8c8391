#include "coordinator/audit/artifact_ends.hpp"

#include "coordinator/audit/limits.hpp"

namespace fieldline::audit {
namespace {

Entry end_of(const database::ArtifactDeployment& row, bool found_at_start) {
  Entry entry;
  entry.action = database::kArtifactsEnded;
  entry.kind = kCoordinator;
  entry.who = row.who;
  entry.site = row.site;
  entry.deployment = row.deployment;
  entry.result = name(row.state);
  Json details{{"started", format_rfc3339(row.started)}};
  if (row.finished) details["finished"] = format_rfc3339(*row.finished);
  if (!row.reason.empty()) details["reason"] = row.reason.substr(0, kTextBytes);
  if (!row.message.empty()) details["message"] = row.message.substr(0, kTextBytes);
  if (!row.findings.empty()) details["findings"] = row.findings.size();
  if (found_at_start) details["found_at_start"] = true;
  add_details(entry, details);
  return entry;
}

}  // namespace

ArtifactEnds::ArtifactEnds(const Neighbours& neighbours) : with_(neighbours) {
  with_.artifacts.on_end(
      [this](const artifacts::ArtifactDeployment& row) { with_.log.insist(end_of(row, false)); });
}

Result<> ArtifactEnds::start() {
  const auto sites = with_.entries.unrecorded_artifact_ends();
  if (!sites) return fail(sites.error());
  for (const auto& site : *sites) {
    if (const auto row = with_.artifacts.record(site).deployment) with_.log.insist(end_of(*row, true));
  }
  return {};
}

}  // namespace fieldline::audit
