#include "agent/orders/task.hpp"

#include <fmt/format.h>

#include "common/base/check.hpp"
#include "common/base/fail_point.hpp"
#include "common/wire/config.hpp"
#include "common/wire/limits.hpp"

namespace fieldline::orders {

void Task::begin() {
  runs_instances_ = current_.role == Role::kActive;
  switch (order().kind) {
    case OrderKind::kApply:
    case OrderKind::kHold:
      return gather(wire::kMaxConfig);
    case OrderKind::kDisable:
    case OrderKind::kEnable:
      return switch_on_or_off();
    case OrderKind::kDelete:
    case OrderKind::kDrop:
      return forget();
    case OrderKind::kArtifacts:
      FIELDLINE_UNREACHABLE();  // not of an instance
  }
}

void Task::arrived(std::string bytes) {
  auto config = wire::open_config(bytes, order().revision);
  if (!config) return give_up(Stage::kAccepted, config.error());
  if (config->instance != order().instance || config->site != around_.site) {
    return give_up(Stage::kAccepted, "wrong-configuration",
                   fmt::format("the configuration is of {} at site {}", config->instance, config->site));
  }
  if (auto held = check_artifacts(*config); !held) return give_up(Stage::kAccepted, held.error());
  staged_ = true;
  around_.store.stage(order(), std::move(bytes),
                      then([config = std::move(*config)](Task& self, const Result<>& staged) {
                        fail_point("order.staged");
                        if (!staged) return self.give_up(Stage::kStored, staged.error());
                        self.compile(config);
                      }));
}

Result<> Task::check_artifacts(const FlatConfig& config) const {
  std::vector<Finding> findings;
  for (const auto& key : config.artifacts) {
    if (!around_.artifacts.holds(key))
      findings.push_back({std::string(kArtifactAbsent), key, "this node does not hold it; deploy artifacts"});
  }
  if (findings.empty()) return {};
  return fail({ErrorCode::kNotFound,
               fmt::format("{} artifacts that it names are not held here", findings.size()), config.instance,
               std::move(findings)});
}

void Task::compile(FlatConfig config) {
  around_.runtime.compile(std::move(config), then([](Task& self, Result<Compiled> compiled) {
                            if (!compiled) return self.give_up(Stage::kCompiled, compiled.error());
                            if (self.out_of_budget()) {
                              return self.give_up(Stage::kCompiled, "budget-exceeded",
                                                  "the order's time was over before the swap");
                            }
                            self.runs_instances_ ? self.swap(std::move(*compiled))
                                                 : self.make_current(std::move(*compiled));
                          }));
}

void Task::swap(Compiled compiled) {
  const auto* current = around_.store.find(order().instance);
  const bool enabled = current == nullptr || current->enabled;
  around_.runtime.swap(compiled, enabled, then([compiled](Task& self, const Result<>& swapped) {
                         fail_point("order.swapped");
                         if (!swapped) return self.give_up(Stage::kSwapped, swapped.error());
                         self.make_current(compiled);
                       }));
}

void Task::make_current(Compiled compiled) {
  around_.store.promote(order(), success(), then([compiled](Task& self, const Result<>& promoted) {
                          fail_point("order.promoted");
                          if (!promoted) return self.swap_back(promoted.error());
                          const auto& instance = self.order().instance;
                          self.current_.needs.insert_or_assign(instance, compiled.config().artifacts);
                          if (self.runs_instances_)
                            self.current_.running.insert_or_assign(instance, compiled);
                          self.finish(self.success());
                        }));
}

// The disk refused what runs already: the old configuration, or nothing, runs again.
void Task::swap_back(const Error& error) {
  if (!runs_instances_) return give_up(Stage::kSwapped, error);
  const auto end = then([error](Task& self, const Result<>&) { self.give_up(Stage::kSwapped, error); });
  const auto previous = current_.running.find(order().instance);
  if (previous == current_.running.end()) return around_.runtime.remove(order().instance, end);
  const auto* current = around_.store.find(order().instance);
  around_.runtime.swap(previous->second, current == nullptr || current->enabled, end);
}

void Task::switch_on_or_off() {
  const bool enable = order().kind == OrderKind::kEnable;
  auto outcome = success();
  outcome.enabled = enable;
  const auto store_it = [outcome](Task& self, const Result<>& switched) {
    if (!switched) return self.give_up(Stage::kSwapped, switched.error());
    self.around_.store.set_enabled(
        self.order(), outcome, self.then([outcome](Task& task, const Result<>& stored) {
          if (stored) return task.finish(outcome);
          const auto end = task.then(
              [error = stored.error()](Task& t, const Result<>&) { t.give_up(Stage::kSwapped, error); });
          if (!task.runs_instances_) return end(Result<>());
          outcome.enabled ? task.around_.runtime.disable(task.order().instance, end)
                          : task.around_.runtime.enable(task.order().instance, end);
        }));
  };
  if (!runs_instances_) return store_it(*this, {});
  enable ? around_.runtime.enable(order().instance, then(store_it))
         : around_.runtime.disable(order().instance, then(store_it));
}

// First on disk, then in memory: a restart in between must not bring it back.
void Task::forget() {
  auto outcome = report(Stage::kDone);
  outcome.success = true;
  outcome.revision.clear();
  outcome.enabled = false;
  around_.store.drop(order(), outcome, then([outcome](Task& self, const Result<>& dropped) {
                       if (!dropped) return self.give_up(Stage::kStored, dropped.error());
                       self.current_.running.erase(self.order().instance);
                       self.current_.needs.erase(self.order().instance);
                       self.around_.runtime.remove(
                           self.order().instance,
                           self.then([outcome](Task& task, const Result<>&) { task.finish(outcome); }));
                     }));
}

Report Task::report(Stage stage) const {
  Report report;
  report.deployment = order().deployment;
  report.instance = order().instance;
  report.stage = stage;
  const auto* current = around_.store.find(order().instance);
  report.enabled = current != nullptr && current->enabled;
  if (current != nullptr) report.revision = current->revision;
  return report;
}

Report Task::success() const {
  auto outcome = report(Stage::kDone);
  outcome.success = true;
  if (order().kind == OrderKind::kApply || order().kind == OrderKind::kHold) {
    outcome.enabled = outcome.revision.empty() || outcome.enabled;
    outcome.revision = order().revision;
  }
  return outcome;
}

void Task::close(const Report& outcome, std::function<void(Result<>)> end) {
  staged_ ? around_.store.discard(order(), outcome, std::move(end)) : Errand::close(outcome, std::move(end));
}

}  // namespace fieldline::orders
