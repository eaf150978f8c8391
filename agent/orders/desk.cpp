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
  std::vector<std::string> all;
  for (const auto& item : around_.store.inventory()) all.push_back(item.instance);
  around_.runtime.compile_shared(
      store::shared_sources(around_.artifacts.held()),
      [self = self_, instances = std::make_shared<const std::vector<std::string>>(std::move(all)),
       done = std::move(done)](const Result<Shared>& shared) mutable {
        if (*self == nullptr) return;
        if (shared) {
          (*self)->around_.runtime.set_shared(*shared);
        } else {
          (*self)->around_.log(not_started({}, shared.error()));
        }
        (*self)->resume(instances, 0, std::move(done));
      });
}

void Desk::resume(const Instances& instances, std::size_t next, std::function<void()> done) {
  if (next == instances->size()) return done();
  resume((*instances)[next],
         [self = self_, instances, next, done = std::move(done)](const Result<>& started) mutable {
           if (*self == nullptr) return;
           auto& desk = **self;
           if (!started) desk.around_.log(not_started((*instances)[next], started.error()));
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
  if (around_.role != Role::kActive) return done({});
  around_.runtime.compile(std::move(*config),
                          [self = self_, done, item = stored.item](Result<runtime::Compiled> compiled) {
                            if (*self == nullptr) return;
                            if (!compiled) return done(fail(compiled.error()));
                            (*self)->current_.running.insert_or_assign(item.instance, *compiled);
                            (*self)->around_.runtime.swap(*compiled, item.enabled, done);
                          });
}

void Desk::resume_stranded(std::function<void()> done) {
  std::vector<std::string> stranded;
  if (around_.role == Role::kActive) {
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
  if (const auto* report = around_.store.report(order.deployment)) {
    return around_.answers.report(*report, received.correlation);
  }
  const Seen seen{around_.store.term(), around_.store.last_number(order.instance),
                  around_.store.find(order.instance) != nullptr};
  if (const auto refusal = orders::refuse(order, received.term, seen, around_.role))
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
                                                   [self = self_](std::function<void()> task) {
                                                     if (*self != nullptr)
                                                       (*self)->run_alone(std::move(task));
                                                   }));
  } else {
    queue.push_back(std::make_shared<Task>(around_, current_, std::move(received)));
  }
  if (queue.size() == 1) run_front(instance);
}

void Desk::run_front(const std::string& instance) {
  if (!instance.empty() && (alone_ || waits_alone_)) {
    held_back_.push_back(instance);
    return;
  }
  if (!instance.empty()) ++begun_;
  queues_[instance].front()->run([self = self_, instance](const Report& report) {
    if (*self != nullptr) (*self)->finish(instance, report);
  });
}

void Desk::run_alone(std::function<void()> task) {
  waits_alone_ = std::move(task);
  if (begun_ == 0) begin_alone();
}

void Desk::begin_alone() {
  alone_ = true;
  std::exchange(waits_alone_, nullptr)();
}

void Desk::end_alone() {
  alone_ = false;
  for (const auto& instance : std::exchange(held_back_, {})) run_front(instance);
}

void Desk::finish(const std::string& instance, const Report& report) {
  const auto& errand = *queues_[instance].front();
  around_.log(event_of(errand.order(), report));
  around_.answers.report(report, errand.correlation());
  fail_point("order.reported");
  if (!instance.empty()) {
    run_next(instance);
    if (--begun_ == 0 && waits_alone_) begin_alone();
    return;
  }
  if (!alone_) return run_next(instance);
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
