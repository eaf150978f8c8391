#include "coordinator/deployment/reconciliation.hpp"

#include <fmt/format.h>

namespace fieldline::deployment {
namespace {

// The first digits are enough for people.
std::string brief(const Revision& revision) {
  return revision.substr(0, 12);
}

void take(const std::string& site, const Deployed* believed, const InventoryItem& item, Timestamp now,
          Reconciliation& found) {
  if (believed != nullptr && believed->site != site) {
    found.differences.push_back({item.instance, fmt::format("{} holds {}, which is deployed at {}", site,
                                                            item.instance, believed->site)});
    return;
  }
  Deployed follows{item.enabled, item.instance, item.revision, now, site};
  if (believed == nullptr) {
    found.differences.push_back(
        {item.instance, fmt::format("{} runs {} at revision {}, where nothing was known", site, item.instance,
                                    brief(item.revision))});
  } else if (believed->revision != item.revision) {
    found.differences.push_back(
        {item.instance, fmt::format("{} runs {} at revision {}, not {}", site, item.instance,
                                    brief(item.revision), brief(believed->revision))});
  } else if (believed->enabled != item.enabled) {
    follows.since = believed->since;
    found.differences.push_back({item.instance, fmt::format("{} has {} {}", site, item.instance,
                                                            item.enabled ? "enabled" : "disabled")});
  } else {
    return;
  }
  found.follows.push_back(std::move(follows));
}

}  // namespace

Reconciliation reconcile(const std::string& site, const Ledger& believed, const Inventory& held,
                         const std::set<std::string>& unsettled, Timestamp now) {
  Reconciliation found;
  std::set<std::string> seen;
  for (const auto& item : held) {
    seen.insert(item.instance);
    if (!unsettled.contains(item.instance)) take(site, believed.deployed(item.instance), item, now, found);
  }
  for (const auto& [instance, deployed] : believed.of_site(site)) {
    if (seen.contains(instance) || unsettled.contains(instance)) continue;
    found.gone.push_back(instance);
    found.differences.push_back({instance, fmt::format("{} does not run {} any more", site, instance)});
  }
  return found;
}

}  // namespace fieldline::deployment
