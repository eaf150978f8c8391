#include "coordinator/audit/operation_ends.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "coordinator/audit/limits.hpp"
#include "coordinator/deployment/comparing.hpp"

namespace fieldline::audit {

using database::Deployment;
using database::DeploymentKind;
using database::DeploymentState;
using deployment::StoredConfig;

namespace {

Entry entry_of(const deployment::Ended& ended, bool found_at_start) {
  const auto& row = ended.row;
  Entry entry;
  entry.action = database::kOperationEnded;
  entry.kind = kCoordinator;
  entry.who = row.who;
  entry.site = row.site;
  entry.instance = row.instance;
  entry.deployment = row.id;
  entry.result = name(row.state);
  Json details{{"operation", name(row.kind)},
               {"stage", name(row.stage)},
               {"revision_before", ended.before},
               {"revision", row.revision},
               {"started", format_rfc3339(row.started)}};
  if (row.finished) details["finished"] = format_rfc3339(*row.finished);
  if (!row.reason.empty()) details["reason"] = row.reason.substr(0, kTextBytes);
  if (!row.message.empty()) details["message"] = row.message.substr(0, kTextBytes);
  if (found_at_start) details["found_at_start"] = true;
  add_details(entry, details);
  return entry;
}

Json not_compared(std::string_view why) {
  return {{"changes", {{"not_compared", why}}}};
}

// Runs on a worker. Without `before` nothing was deployed.
Json changes_between(const std::optional<StoredConfig>& before, const StoredConfig& after) {
  const auto now = deployment::open_config(after);
  const auto then = deployment::open_config(before ? *before : std::nullopt);
  if (!now || !then) return not_compared("what was sent can't be read");
  if (!*now) return not_compared("nothing of that revision was sent");
  if (before && !*then) return not_compared("a configuration is not known any more");
  const templates::Side from{before ? &**then : nullptr, nullptr};
  return {{"changes", summary_of(templates::diff(from, {&**now, nullptr}, templates::Detail::kNames))}};
}

}  // namespace

Json summary_of(const templates::Diff& diff) {
  Json summary{{"added", 0}, {"changed", 0}, {"removed", 0}, {"bindings", diff.bindings.size()}};
  auto names = Json::array();
  for (const auto& member : diff.members) {
    auto& count = summary[std::string(name(member.change))];
    count = count.get<std::size_t>() + 1;
    if (names.size() < kNames)
      names.push_back(fmt::format("{} {} {}", name(member.change), name(member.kind), member.name));
  }
  for (const auto& binding : diff.bindings) {
    if (names.size() < kNames) names.push_back(fmt::format("bound {}", binding.attribute));
  }
  summary["names"] = std::move(names);
  if (diff.members.size() + diff.bindings.size() > kNames) summary["names_cut"] = true;
  return summary;
}

OperationEnds::OperationEnds(const Neighbours& neighbours) : with_(neighbours) {
  with_.deployments.on_change([this](const deployment::Change& change) {
    if (change.ended) add(*change.ended, false);
  });
}

Result<> OperationEnds::start() {
  const auto instances = with_.entries.unrecorded_ends();
  if (!instances) return fail(instances.error());
  for (const auto& instance : *instances) {
    const auto row = with_.deployments.status(instance);
    const auto deployed = with_.deployments.deployed(instance);
    if (!row) continue;
    // What is deployed now was so before, unless the operation brought it there.
    const bool brought = row->kind == DeploymentKind::kDeploy && row->state == DeploymentState::kSuccess;
    add({*row, deployed && !brought ? deployed->revision : Revision()}, true);
  }
  return {};
}

void OperationEnds::add(const deployment::Ended& ended, bool found_at_start) {
  auto entry = entry_of(ended, found_at_start);
  if (ended.row.kind != DeploymentKind::kDeploy) return with_.log.insist(entry);
  if (uncompared_.size() >= kEnds || found_at_start) {
    add_details(entry, not_compared(found_at_start ? "it was found at a start" : "too many ended at once"));
    return with_.log.insist(entry);
  }
  uncompared_.push_back({std::move(entry), ended.before, ended.row.revision});
  compare_next();
}

void OperationEnds::compare_next() {
  if (comparing_ || uncompared_.empty()) return;
  comparing_ = true;
  const auto& next = uncompared_.front();
  const auto& instance = next.entry.instance;
  std::vector<database::ConfigKey> wanted{{instance, next.after}};
  if (!next.before.empty()) wanted.push_back({instance, next.before});
  with_.records.configs(
      std::move(wanted),
      [this](Result<database::StoredConfigs> found) {
        if (!found) return compared(not_compared("the database did not answer"));
        auto work = [this, &loop = with_.loop, configs = std::move(*found)] {
          auto before = configs.size() > 1 ? std::optional<StoredConfig>(configs[1]) : std::nullopt;
          auto changes = std::make_shared<Json>(changes_between(before, configs[0]));
          loop.post([this, changes] { compared(*changes); });
        };
        if (!with_.worker.try_post(std::move(work))) compared(not_compared("too much waits for the worker"));
      },
      with_.loop);
}

void OperationEnds::compared(const Json& details) {
  auto entry = std::move(uncompared_.front().entry);
  uncompared_.pop_front();
  comparing_ = false;
  add_details(entry, details);
  with_.log.insist(entry);
  compare_next();
}

}  // namespace fieldline::audit
