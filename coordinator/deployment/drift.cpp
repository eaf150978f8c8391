#include "coordinator/deployment/drift.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "common/model/json.hpp"

namespace fieldline::deployment {
namespace {

// The first digits are enough for people.
std::string shortened(const Revision& revision) {
  return revision.substr(0, 12);
}

}  // namespace

database::CentralEvent drift_event(const sites::NodeId& node, const std::string& instance,
                                   std::string message, Timestamp now, const std::string& deployment) {
  Event event;
  event.category = Category::kDeployment;
  event.severity = Severity::kWarning;
  event.source = "coordinator";
  event.instance = instance;
  event.message = std::move(message);
  event.details = Json{{"node", node.node}}.dump();
  event.time = now;
  event.trace_id = deployment;
  return {node.site, std::move(event)};
}

void record_drift(database::DeploymentRecords& records, std::vector<database::CentralEvent> events,
                  Executor& loop) {
  if (events.empty()) return;
  database::DeploymentChange change;
  change.events = std::move(events);
  records.save(
      std::move(change),
      [](const Result<>& saved) {
        if (!saved) spdlog::error("events can't be recorded: {}", saved.error().describe());
      },
      loop);
}

std::string missed(const sites::NodeId& standby, const std::string& instance, const Deployed* deployed,
                   const InventoryItem* held) {
  if (deployed == nullptr)
    return fmt::format("the standby {} still holds {}, which is not deployed", standby.text(), instance);
  if (held == nullptr)
    return fmt::format("the standby {} does not hold {} at revision {}", standby.text(), instance,
                       shortened(deployed->revision));
  if (held->revision != deployed->revision)
    return fmt::format("the standby {} holds {} at revision {}, not {}", standby.text(), instance,
                       shortened(held->revision), shortened(deployed->revision));
  return fmt::format("the standby {} has {} {}", standby.text(), instance,
                     held->enabled ? "enabled" : "disabled");
}

}  // namespace fieldline::deployment
