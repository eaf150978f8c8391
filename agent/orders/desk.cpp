#include "agent/orders/desk.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "agent/orders/artifact_task.hpp"
#include "agent/orders/limits.hpp"
#include "agent/orders/task.hpp"
#include "common/base/fail_point.hpp"
#include "common/wire/artifacts.hpp"
#include "common/wire/config.hpp"

namespace fieldline::orders {
namespace {

Event event_of(const Order& order, const Report& report) {
  Event event;
  event.category = Category::kDeployment;
  event.severity = report.success ? Severity::kInfo : Severity::kError;
  event.source = "orders/" + std::string(name(order.kind));
  event.instance = order.instance;
  event.trace_id = order.deployment;
  event.message = report.success
                      ? fmt::format("{} done, revision {}", name(order.kind), report.revision.substr(0, 12))
                      : fmt::format("{} failed at {}: {}: {}", name(order.kind), name(report.stage),
                                    report.reason, report.message);
  return event;
}

Event not_started(const std::string& instance, const Error& error) {
  Event event;
  event.category = Category::kDeployment;
  event.severity = Severity::kError;
  event.source = "orders/start";
  event.instance = instance;
  event.message = "not started: " + error.describe();
  return event;
}

}  // namespace

Desk::Desk(Surroundings surroundings)
    : around_(std::move(surroundings)), self_(std::make_shared<Desk*>(this)) {}

Desk::~Desk() {
  *self_ = nullptr;
}

void Desk::start(std::function<void()> done) {
  using Shared = std::shared_ptr<const runtime::SharedScripts>;
  around_.runtime.suspend([] {});
  around_.runtime.compile_shared(
      store::shared_sources(around_.artifacts.held()),
      [self = self_, done = std::move(done)](const Result<Shared>& shared) mutable {
        if (*self == nullptr) return;
        if (shared) {
          (*self)->around_.runtime.set_shared(*shared);
        } else {
          (*self)->around_.log(not_started({}, shared.error()));
        }
        (*self)->resume((*self)->all(), 0, [self, done = std::move(done)] {
          if (*self == nullptr) return;
          (*self)->started_ = true;
          done();
        });
      });
}

void Desk::serve(Prepare prepare, std::function<void()> done) {
  current_.role = Role::kActive;
  stop_waiting();
  run_alone([self = self_, prepare = std::move(prepare), done = std::move(done)] {
    const auto end = [self, done] {
      if (*self == nullptr) return;
      (*self)->end_alone();
      done();
    };
    prepare([self, end] {
      if (*self == nullptr) return;
      auto& desk = **self;
      if (desk.current_.role != Role::kActive) return end();
      desk.around_.runtime.resume();
      desk.resume(desk.all(), 0, end);
    });
  });
}

void Desk::stand_by(std::function<void()> done) {
  current_.role = Role::kStandby;
  stop_waiting();
  around_.runtime.suspend([self = self_, done = std::move(done)] {
    if (*self == nullptr) return;
    (*self)->run_alone([self, done] {
      (*self)->current_.running.clear();
      (*self)->end_alone();
      done();
    });
  });
}

Desk::Instances Desk::all() const {
  std::vector<std::string> all;
  for (const auto& item : around_.store.inventory()) all.push_back(item.instance);
  return std::make_shared<const std::vector<std::string>>(std::move(all));
}

void Desk::resume(const Instances& instances, std::size_t next, std::function<void()> done) {
  const bool overtaken = started_ && current_.role != Role::kActive;
  if (next == instances->size() || overtaken) return done();
  resume((*instances)[next],
         [self = self_, instances, next, done = std::move(done)](const Result<>& started) mutable {
           if (*self == nullptr) return;
           auto& desk = **self;
           const bool stopped = desk.started_ && desk.current_.role != Role::kActive;
           if (!started && !stopped) desk.around_.log(not_started((*instances)[next], started.error()));
           // Posted, so that a long inventory does not become a deep stack.
           desk.around_.loop.post([self, instances, next, done = std::move(done)]() mutable {
             if (*self != nullptr) (*self)->resume(instances, next + 1, std::move(done));
           });
         });
}

void Desk::resume(const std::string& instance, std::function<void(Result<>)> done) {
  around_.store.load(
      instance, [self = self_, done = std::move(done)](const Result<store::StoredConfiguration>& stored) {
        if (*self == nullptr) return;
        if (!stored) return done(fail(stored.error()));
        (*self)->run_stored(*stored, done);
      });
}

// A standby runs nothing; it only learns what its configurations need.
void Desk::run_stored(const store::StoredConfiguration& stored, const std::function<void(Result<>)>& done) {
  auto config = wire::open_config(stored.bytes, stored.item.revision);
  if (!config) return done(fail(config.error()));
  current_.needs.insert_or_assign(stored.item.instance, config->artifacts);
  if (current_.role != Role::kActive) return done({});
  around_.runtime.compile(std::move(*config),
                          [self = self_, done, item = stored.item](Result<runtime::Compiled> compiled) {
                            if (*self == nullptr) return;
                            if (!compiled) return done(fail(compiled.error()));
                            if ((*self)->current_.role != Role::kActive) return done({});
                            (*self)->current_.running.insert_or_assign(item.instance, *compiled);
                            (*self)->around_.runtime.swap(*compiled, item.enabled, done);
                          });
}

void Desk::resume_stranded(std::function<void()> done) {
  std::vector<std::string> stranded;
  if (current_.role == Role::kActive) {
    for (const auto& [instance, needs] : current_.needs) {
      if (!current_.running.contains(instance) && around_.runtime.shared()->needed_by(needs))
        stranded.push_back(instance);
    }
  }
  resume(std::make_shared<const std::vector<std::string>>(std::move(stranded)), 0, std::move(done));
}

void Desk::take(uplink::ReceivedOrder received) {
  const auto& order = received.order;
  if (under_way(order.deployment) != nullptr) {
    return around_.answers.accepted(Accepted{order.deployment}, received.correlation);
  }
  // What it did as the active node it tells as that only: the other one may have gone on since.
  const auto* report = around_.store.report(order.deployment);
  if (report != nullptr && (!report->success || !refuse_role(order.kind, current_.role))) {
    return around_.answers.report(*report, received.correlation);
  }
  const Seen seen{around_.store.term(), around_.store.last_number(order.instance),
                  around_.store.find(order.instance) != nullptr};
  if (const auto refusal = orders::refuse(order, received.term, seen, current_.role))
    return refuse(received, *refusal);
  if (count() >= kUnderWay) {
    return refuse(received, {"busy", fmt::format("{} orders are under way here", kUnderWay)});
  }
  const auto term = received.term;
  around_.store.raise_term(term, [self = self_, received = std::move(received)](const Result<>& raised) {
    if (*self == nullptr) return;
    if (!raised) return (*self)->refuse(received, {"io", raised.error().describe()});
    (*self)->admit(received);
  });
}

void Desk::take(const Piece& piece, std::string_view bytes) {
  if (auto* errand = under_way(piece.deployment)) errand->take(piece, bytes);
}

void Desk::admit(uplink::ReceivedOrder received) {
  fail_point("order.accepted");
  around_.answers.accepted(Accepted{received.order.deployment}, received.correlation);
  if (under_way(received.order.deployment) != nullptr) return;
  const auto instance = received.order.instance;
  auto& queue = queues_[instance];
  if (received.order.kind == OrderKind::kArtifacts) {
    queue.push_back(std::make_shared<ArtifactTask>(around_, current_, std::move(received),
                                                   [self = self_](const std::function<void()>& task) {
                                                     if (*self == nullptr) return;
                                                     (*self)->run_alone([self, task] {
                                                       (*self)->artifacts_alone_ = true;
                                                       task();
                                                     });
                                                   }));
  } else {
    queue.push_back(std::make_shared<Task>(around_, current_, std::move(received)));
  }
  if (queue.size() == 1) run_front(instance);
}

void Desk::run_front(const std::string& instance) {
  if (!instance.empty() && (alone_ || !wait_alone_.empty())) {
    held_back_.push_back(instance);
    return;
  }
  if (!instance.empty()) ++begun_;
  auto& errand = *queues_[instance].front();
  auto done = [self = self_, instance](const Report& report) {
    if (*self != nullptr) (*self)->finish(instance, report);
  };
  // The role may be another one since the order came.
  if (auto refusal = refuse_role(errand.order().kind, current_.role))
    return errand.turn_down(std::move(refusal->reason), std::move(refusal->message), std::move(done));
  errand.run(std::move(done));
}

void Desk::run_alone(std::function<void()> task) {
  wait_alone_.push_back(std::move(task));
  begin_alone();
}

void Desk::begin_alone() {
  if (begun_ > 0 || alone_ || wait_alone_.empty()) return;
  alone_ = true;
  const auto task = std::move(wait_alone_.front());
  wait_alone_.pop_front();
  task();
}

// Orders that wait for their bytes would keep a change of role waiting.
void Desk::stop_waiting() {
  std::vector<std::shared_ptr<Errand>> waiting;
  for (const auto& [instance, queue] : queues_) {
    if (!instance.empty()) waiting.push_back(queue.front());
  }
  for (const auto& errand : waiting) errand->stop_waiting();
}

void Desk::end_alone() {
  alone_ = false;
  if (!wait_alone_.empty()) return begin_alone();
  for (const auto& instance : std::exchange(held_back_, {})) run_front(instance);
}

void Desk::finish(const std::string& instance, const Report& report) {
  const auto& errand = *queues_[instance].front();
  around_.log(event_of(errand.order(), report));
  if (!errand.as_active() || !report.success || around_.may_report())
    around_.answers.report(report, errand.correlation());
  fail_point("order.reported");
  if (!instance.empty()) {
    run_next(instance);
    --begun_;
    return begin_alone();
  }
  if (!std::exchange(artifacts_alone_, false)) return run_next(instance);
  resume_stranded([self = self_] {
    if (*self == nullptr) return;
    (*self)->end_alone();
    (*self)->run_next({});
  });
}

void Desk::run_next(const std::string& instance) {
  auto& queue = queues_[instance];
  // It still runs the callback that brought us here.
  const auto errand = std::move(queue.front());
  queue.pop_front();
  if (queue.empty()) {
    queues_.erase(instance);
  } else {
    around_.loop.post([self = self_, instance] {
      if (*self != nullptr) (*self)->run_front(instance);
    });
  }
}

void Desk::refuse(const uplink::ReceivedOrder& received, const Refusal& refusal) {
  const auto& order = received.order;
  Report report;
  report.deployment = order.deployment;
  report.instance = order.instance;
  report.stage = Stage::kAccepted;
  report.reason = refusal.reason;
  report.message = refusal.message;
  const auto* current = around_.store.find(order.instance);
  report.enabled = current != nullptr && current->enabled;
  if (current != nullptr) report.revision = current->revision;
  if (order.kind == OrderKind::kArtifacts)
    report.revision = wire::artifacts_digest(around_.artifacts.inventory());
  around_.log(event_of(order, report));
  around_.answers.report(report, received.correlation);
}

Errand* Desk::under_way(const std::string& deployment) const {
  for (const auto& [instance, queue] : queues_) {
    for (const auto& errand : queue) {
      if (errand->order().deployment == deployment) return errand.get();
    }
  }
  return nullptr;
}

std::size_t Desk::count() const {
  std::size_t count = 0;
  for (const auto& [instance, queue] : queues_) count += queue.size();
  return count;
}

}  // namespace fieldline::orders
