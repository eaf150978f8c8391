#include "coordinator/deployment/standbys.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "coordinator/deployment/drift.hpp"
#include "coordinator/deployment/limits.hpp"

namespace fieldline::deployment {

void Standbys::online(const sites::NodeId& node) {
  offline(node);
  standbys_[node.site].node = node;
}

void Standbys::offline(const sites::NodeId& node) {
  const auto found = standbys_.find(node.site);
  if (found == standbys_.end() || found->second.node != node) return;
  const auto gone = std::move(standbys_.extract(found).mapped());
  for (const auto& [instance, flight] : gone.in_flight) with_.loop.cancel(flight.deadline);
  for (const auto& [instance, flight] : gone.in_flight) tell_.changed(instance);
  for (const auto& [instance, id] : gone.waiting) tell_.changed(instance);
}

bool Standbys::is_standby(const sites::NodeId& node) const {
  const auto found = standbys_.find(node.site);
  return found != standbys_.end() && found->second.node == node;
}

void Standbys::holds(const sites::NodeId& node, const Inventory& inventory) {
  const auto found = standbys_.find(node.site);
  if (found == standbys_.end() || found->second.node != node) return;
  found->second.known = true;
  found->second.told = false;
  found->second.items.clear();
  for (const auto& item : inventory) found->second.items.emplace(item.instance, item);
  // What only came too late may succeed now; what was refused stays refused.
  std::erase_if(found->second.obstacles,
                [](const auto& obstacle) { return obstacle.second.state == StandbyState::kBehind; });
}

void Standbys::artifacts_changed(const std::string& site) {
  const auto found = standbys_.find(site);
  if (found == standbys_.end()) return;
  std::erase_if(found->second.obstacles,
                [](const auto& obstacle) { return obstacle.second.message.starts_with("artifact-absent"); });
}

void Standbys::align(const std::string& site) {
  const auto found = standbys_.find(site);
  if (found == standbys_.end() || !found->second.known) return;
  auto& standby = found->second;
  std::vector<std::string> news;
  const auto check = [&](const std::string& instance) {
    if (!next_step(standby, instance)) return;
    // One that is at work has not missed it.
    const bool fresh = standby.waiting.emplace(instance, random_.id()).second;
    if (fresh && !standby.in_flight.contains(instance)) news.push_back(instance);
  };
  for (const auto& [instance, deployed] : with_.ledger.of_site(site)) check(instance);
  for (const auto& [instance, item] : standby.items) check(instance);
  if (!std::exchange(standby.told, true)) tell_missed(standby, news);
  if (!standby.waiting.empty())
    spdlog::info("{} is to be brought in line: {} instances", standby.node.text(), standby.waiting.size());
  pump(site);
}

// A standby that has nothing at all is new: one event says so.
void Standbys::tell_missed(Standby& standby, const std::vector<std::string>& instances) {
  if (instances.empty()) return;
  const auto& node = standby.node;
  const auto now = with_.loop.clock().utc();
  if (standby.items.empty() && instances.size() > 1) {
    const auto message =
        fmt::format("the standby {} holds none of {} instances", node.text(), instances.size());
    return record_drift(with_.records, {drift_event(node, {}, message, now)}, with_.loop);
  }
  std::vector<database::CentralEvent> events;
  for (const auto& instance : instances) {
    const auto found = standby.items.find(instance);
    const auto* held = found != standby.items.end() && found->second ? &*found->second : nullptr;
    auto message = missed(node, instance, wanted(node.site, instance), held);
    spdlog::warn("{}", message);
    events.push_back(drift_event(node, instance, std::move(message), now));
  }
  // Whoever is told may change what the standby has.
  for (const auto& [site, event] : events) tell_.differs(event.instance, event.message);
  record_drift(with_.records, std::move(events), with_.loop);
}

void Standbys::follow(const std::string& site, const std::string& instance, const std::string& deployment) {
  const auto found = standbys_.find(site);
  if (found == standbys_.end()) return;
  found->second.obstacles.erase(instance);
  found->second.waiting.insert_or_assign(instance, deployment);
  pump(site);
}

const Deployed* Standbys::wanted(const std::string& site, const std::string& instance) const {
  const auto* deployed = with_.ledger.deployed(instance);
  return deployed != nullptr && deployed->site == site ? deployed : nullptr;
}

const Standbys::Obstacle* Standbys::obstacle(const Standby& standby, const std::string& instance) const {
  const auto found = standby.obstacles.find(instance);
  if (found == standby.obstacles.end()) return nullptr;
  const auto* want = wanted(standby.node.site, instance);
  return found->second.revision == (want == nullptr ? Revision() : want->revision) ? &found->second : nullptr;
}

std::optional<OrderKind> Standbys::next_step(const Standby& standby, const std::string& instance) const {
  if (obstacle(standby, instance) != nullptr) return std::nullopt;
  const auto found = standby.items.find(instance);
  const bool known = standby.known || found != standby.items.end();
  const InventoryItem* has = found != standby.items.end() && found->second ? &*found->second : nullptr;
  const auto* want = wanted(standby.node.site, instance);
  if (want == nullptr) return has != nullptr || !known ? std::optional(OrderKind::kDrop) : std::nullopt;
  if (has == nullptr || has->revision != want->revision) return OrderKind::kHold;
  if (has->enabled == want->enabled) return std::nullopt;
  return want->enabled ? OrderKind::kEnable : OrderKind::kDisable;
}

Standing Standbys::standing(const std::string& site, const std::string& instance) const {
  if (wanted(site, instance) == nullptr || !with_.sites.is_pair(site)) return {};
  const auto found = standbys_.find(site);
  if (found == standbys_.end()) return {StandbyState::kAbsent, {}};
  const auto& standby = found->second;
  if (const auto* why = obstacle(standby, instance)) return {why->state, why->message};
  return {next_step(standby, instance) ? StandbyState::kBehind : StandbyState::kStored, {}};
}

bool Standbys::busy(const std::string& site, const std::string& instance) const {
  const auto found = standbys_.find(site);
  return found != standbys_.end() &&
         (found->second.waiting.contains(instance) || found->second.in_flight.contains(instance));
}

// Looks the standby up anew each time: whoever is told may change what waits.
void Standbys::pump(const std::string& site) {
  while (true) {
    const auto found = standbys_.find(site);
    if (found == standbys_.end() || found->second.in_flight.size() >= kMaxRepairs) return;
    auto& standby = found->second;
    const auto next = std::find_if(standby.waiting.begin(), standby.waiting.end(),
                                   [&](const auto& item) { return !standby.in_flight.contains(item.first); });
    if (next == standby.waiting.end()) return;
    const auto [instance, id] = *next;
    standby.waiting.erase(next);
    if (const auto kind = next_step(standby, instance)) {
      begin(standby, instance, id, *kind);
    } else {
      tell_.changed(instance);
    }
  }
}

void Standbys::begin(Standby& standby, const std::string& instance, const std::string& id, OrderKind kind) {
  standby.in_flight.emplace(instance, InFlight{id, 0});
  const auto& site = standby.node.site;
  const auto* want = wanted(site, instance);
  Task task{site, {deadline_, id, instance, kind, 0, want == nullptr ? Revision() : want->revision, 0}};
  // From a turn of its own, as the answer of the database is.
  if (kind != OrderKind::kHold) return with_.loop.post([this, task] { send(task, nullptr); });
  unread_.push_back(task);
  read_next();
}

// Many standbys at once would fill the database's queue.
void Standbys::read_next() {
  while (reads_ < kMaxRepairReads && !unread_.empty()) {
    const auto task = std::move(unread_.front());
    unread_.pop_front();
    if (at_work(task) != nullptr) read(task);
  }
}

void Standbys::read(const Task& task) {
  ++reads_;
  with_.records.config(
      task.order.instance, task.order.revision,
      [this, task](Result<std::optional<database::SentConfig>> sent) {
        --reads_;
        read_next();
        if (!sent) return stop(task, StandbyState::kBehind, sent.error().describe());
        if (!*sent)
          return stop(task, StandbyState::kBehind,
                      "central does not have what the active node runs: deploy anew");
        send(task, std::make_shared<const std::string>(std::move((*sent)->bytes)));
      },
      with_.loop);
}

Standbys::Standby* Standbys::at_work(const Task& task) {
  const auto found = standbys_.find(task.site);
  if (found == standbys_.end()) return nullptr;
  const auto flight = found->second.in_flight.find(task.order.instance);
  if (flight == found->second.in_flight.end() || flight->second.id != task.order.deployment) return nullptr;
  return &found->second;
}

void Standbys::send(const Task& task, std::shared_ptr<const std::string> config) {
  const auto* standby = at_work(task);
  if (standby == nullptr) return;
  sites::Dispatch dispatch;
  dispatch.to = standby->node;
  dispatch.order = task.order;
  dispatch.order.number = with_.numbers.next();
  dispatch.order.size = config ? config->size() : 0;
  dispatch.config = std::move(config);
  dispatch.tell = [this, task](const sites::OrderNews& news) { hear(task, news); };
  if (auto taken = with_.sites.order(std::move(dispatch)); !taken)
    stop(task, StandbyState::kBehind, taken.error().message);
}

void Standbys::hear(const Task& task, const sites::OrderNews& news) {
  auto* standby = at_work(task);
  if (standby == nullptr) return;
  if (std::holds_alternative<sites::OrderSent>(news)) {
    standby->in_flight.at(task.order.instance).deadline = with_.loop.after(deadline_, [this, task] {
      const auto* late = at_work(task);
      if (late == nullptr) return;
      const auto node = late->node;
      with_.sites.withdraw(node, task.order.deployment);
      stop(task, StandbyState::kBehind, "the standby did not report within the deadline");
      with_.sites.compare(node);  // it may have carried the order out; if not, it gets it again
    });
  } else if (const auto* lost = std::get_if<sites::OrderLost>(&news)) {
    stop(task, StandbyState::kBehind, lost->message);
  } else if (const auto* report = std::get_if<Report>(&news)) {
    take(task, *report);
  }
}

void Standbys::take(const Task& task, const Report& report) {
  auto& standby = *at_work(task);
  const auto& instance = task.order.instance;
  standby.items[instance] = report.revision.empty()
                                ? std::nullopt
                                : std::optional(InventoryItem{report.enabled, instance, report.revision});
  if (!report.success)
    return stop(task, StandbyState::kRefused, fmt::format("{}: {}", report.reason, report.message));
  const auto next = next_step(standby, instance);
  const auto* want = wanted(task.site, instance);
  const bool same = task.order.revision == (want == nullptr ? Revision() : want->revision);
  if (same && next == task.order.kind)
    return stop(task, StandbyState::kRefused, "reports success, but of something else than was ordered");
  with_.loop.cancel(standby.in_flight.extract(instance).mapped().deadline);
  if (next) {
    standby.waiting.emplace(instance, random_.id());
  } else if (!standby.waiting.contains(instance)) {
    tell_.changed(instance);
  }
  pump(task.site);
}

void Standbys::stop(const Task& task, StandbyState state, const std::string& message) {
  auto* standby = at_work(task);
  if (standby == nullptr) return;
  const auto& order = task.order;
  spdlog::warn("{} {} of {} at {}: {}", name(order.kind), order.deployment, order.instance,
               standby->node.text(), message);
  with_.loop.cancel(standby->in_flight.extract(order.instance).mapped().deadline);
  standby->obstacles.insert_or_assign(order.instance, Obstacle{order.revision, state, message});
  // What came too late is told when the standby shows again what it holds.
  if (state == StandbyState::kRefused) {
    auto event = drift_event(standby->node, order.instance,
                             fmt::format("the standby {} refused to {} {}: {}", standby->node.text(),
                                         name(order.kind), order.instance, message),
                             with_.loop.clock().utc(), order.deployment);
    tell_.differs(order.instance, event.event.message);
    record_drift(with_.records, {std::move(event)}, with_.loop);
  } else {
    tell_.changed(order.instance);
  }
  pump(task.site);
}

}  // namespace fieldline::deployment
