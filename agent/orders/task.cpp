#include "agent/orders/task.hpp"

#include <fmt/format.h>

#include "agent/orders/limits.hpp"
#include "common/base/check.hpp"
#include "common/base/fail_point.hpp"
#include "common/wire/config.hpp"
#include "common/wire/limits.hpp"

namespace fieldline::orders {
namespace {

std::vector<ReportedFinding> reported(const std::vector<Finding>& findings) {
  std::vector<ReportedFinding> list;
  for (const auto& finding : findings) list.push_back({finding.code, finding.message, finding.path});
  return list;
}

}  // namespace

Task::Task(const Surroundings& surroundings, Running& running, uplink::ReceivedOrder received)
    : around_(surroundings),
      running_(running),
      received_(std::move(received)),
      arrived_(surroundings.loop.clock().now()) {}

template <class Step>
auto Task::then(Step step) {
  return [self = shared_from_this(), step = std::move(step)](auto&&... outcome) {
    step(*self, std::forward<decltype(outcome)>(outcome)...);
  };
}

void Task::run(Done done) {
  done_ = std::move(done);
  switch (order().kind) {
    case OrderKind::kApply:
    case OrderKind::kHold:
      if (order().size <= wire::kMaxInlineConfig) return verify(received_.attachment);
      download_.emplace(order());
      return fetch();
    case OrderKind::kDisable:
    case OrderKind::kEnable:
      return switch_on_or_off();
    case OrderKind::kDelete:
    case OrderKind::kDrop:
      return forget();
    case OrderKind::kArtifacts:
      FIELDLINE_UNREACHABLE();  // refused by the fence
  }
}

void Task::fetch() {
  if (!download_) return;
  if (order().size > wire::kMaxConfig) {
    return give_up(Stage::kAccepted, "too-large", fmt::format("a configuration of {} bytes", order().size));
  }
  if (out_of_budget(kSwapReserve)) {
    return give_up(Stage::kAccepted, "budget-exceeded", "the configuration did not arrive in time");
  }
  around_.answers.fetch(download_->next());
  around_.loop.after(kFetchRetry, then([asked = download_->next().offset](Task& self) {
                       if (self.download_ && self.download_->next().offset == asked) self.fetch();
                     }));
}

void Task::take(const Piece& piece, std::string_view bytes) {
  if (!download_) return;
  const auto before = download_->next().offset;
  if (auto taken = download_->take(piece, bytes); !taken) {
    download_.reset();
    return give_up(Stage::kAccepted, taken.error());
  }
  if (download_->complete()) {
    auto whole = download_->release();
    download_.reset();
    return verify(std::move(whole));
  }
  if (download_->next().offset != before) fetch();
}

void Task::verify(std::string bytes) {
  auto config = wire::open_config(bytes, order().revision);
  if (!config) return give_up(Stage::kAccepted, config.error());
  if (config->instance != order().instance || config->site != around_.site) {
    return give_up(Stage::kAccepted, "wrong-configuration",
                   fmt::format("the configuration is of {} at site {}", config->instance, config->site));
  }
  staged_ = true;
  around_.store.stage(order(), std::move(bytes),
                      then([config = std::move(*config)](Task& self, const Result<>& staged) {
                        fail_point("order.staged");
                        if (!staged) return self.give_up(Stage::kStored, staged.error());
                        self.compile(config);
                      }));
}

void Task::compile(FlatConfig config) {
  around_.runtime.compile(std::move(config), then([](Task& self, Result<Compiled> compiled) {
                            if (!compiled) return self.give_up(Stage::kCompiled, compiled.error());
                            if (self.out_of_budget(kSwapReserve)) {
                              return self.give_up(Stage::kCompiled, "budget-exceeded",
                                                  "the order's time was over before the swap");
                            }
                            self.runs_instances() ? self.swap(std::move(*compiled))
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
                          if (self.runs_instances())
                            self.running_.insert_or_assign(self.order().instance, compiled);
                          self.done_(self.success());
                        }));
}

// The disk refused what runs already: the old configuration, or nothing, runs again.
void Task::swap_back(const Error& error) {
  if (!runs_instances()) return give_up(Stage::kSwapped, error);
  const auto end = then([error](Task& self, const Result<>&) { self.give_up(Stage::kSwapped, error); });
  const auto previous = running_.find(order().instance);
  if (previous == running_.end()) return around_.runtime.remove(order().instance, end);
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
          if (stored) return task.done_(outcome);
          const auto end = task.then(
              [error = stored.error()](Task& t, const Result<>&) { t.give_up(Stage::kSwapped, error); });
          if (!task.runs_instances()) return end(Result<>());
          outcome.enabled ? task.around_.runtime.disable(task.order().instance, end)
                          : task.around_.runtime.enable(task.order().instance, end);
        }));
  };
  if (!runs_instances()) return store_it(*this, {});
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
                       self.running_.erase(self.order().instance);
                       self.around_.runtime.remove(
                           self.order().instance,
                           self.then([outcome](Task& task, const Result<>&) { task.done_(outcome); }));
                     }));
}

bool Task::out_of_budget(Duration reserve) const {
  return around_.loop.clock().now() - arrived_ > order().budget - reserve;
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

void Task::give_up(Stage stage, const Error& error) {
  const auto reason =
      stage == Stage::kCompiled && !error.findings.empty() ? "does-not-compile" : name(error.code);
  give_up(stage, std::string(reason),
          error.where.empty() ? error.message : error.where + ": " + error.message, error.findings);
}

void Task::give_up(Stage stage, std::string reason, std::string message,
                   const std::vector<Finding>& findings) {
  auto outcome = report(stage);
  outcome.reason = std::move(reason);
  outcome.message = std::move(message);
  outcome.findings = reported(findings);
  const auto end = then([outcome](Task& self, const Result<>&) { self.done_(outcome); });
  staged_ ? around_.store.discard(order(), outcome, end) : around_.store.record(order(), outcome, end);
}

}  // namespace fieldline::orders
