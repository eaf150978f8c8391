#include "agent/orders/desk.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "agent/orders/limits.hpp"
#include "agent/orders/task.hpp"
#include "common/base/fail_point.hpp"
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

}  // namespace

Desk::Desk(Surroundings surroundings)
    : around_(std::move(surroundings)), self_(std::make_shared<Desk*>(this)) {}

Desk::~Desk() {
  *self_ = nullptr;
}

void Desk::start(std::function<void()> done) {
  if (around_.role != Role::kActive) return around_.loop.post(std::move(done));
  resume(std::make_shared<const Inventory>(around_.store.inventory()), 0, std::move(done));
}

void Desk::resume(std::shared_ptr<const Inventory> current, std::size_t next, std::function<void()> done) {
  if (next == current->size()) return done();
  const auto& instance = (*current)[next].instance;
  resume(instance, [self = self_, current, next, done = std::move(done)](const Result<>& started) mutable {
    if (*self == nullptr) return;
    auto& desk = **self;
    if (!started) {
      Event event;
      event.category = Category::kDeployment;
      event.severity = Severity::kError;
      event.source = "orders/start";
      event.instance = (*current)[next].instance;
      event.message = "not started: " + started.error().describe();
      desk.around_.log(std::move(event));
    }
    // Posted, so that a long inventory does not become a deep stack.
    desk.around_.loop.post([self, current, next, done = std::move(done)]() mutable {
      if (*self != nullptr) (*self)->resume(current, next + 1, std::move(done));
    });
  });
}

void Desk::resume(const std::string& instance, std::function<void(Result<>)> done) {
  around_.store.load(
      instance, [self = self_, done = std::move(done)](const Result<store::StoredConfiguration>& stored) {
        if (*self == nullptr) return;
        if (!stored) return done(fail(stored.error()));
        auto config = wire::open_config(stored->bytes, stored->item.revision);
        if (!config) return done(fail(config.error()));
        (*self)->around_.runtime.compile(
            std::move(*config), [self, done, item = stored->item](Result<runtime::Compiled> compiled) {
              if (*self == nullptr) return;
              if (!compiled) return done(fail(compiled.error()));
              (*self)->running_.insert_or_assign(item.instance, *compiled);
              (*self)->around_.runtime.swap(*compiled, item.enabled, done);
            });
      });
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
  if (auto* task = under_way(piece.deployment)) task->take(piece, bytes);
}

void Desk::admit(uplink::ReceivedOrder received) {
  fail_point("order.accepted");
  around_.answers.accepted(Accepted{received.order.deployment}, received.correlation);
  if (under_way(received.order.deployment) != nullptr) return;
  const auto instance = received.order.instance;
  auto& queue = queues_[instance];
  queue.push_back(std::make_shared<Task>(around_, running_, std::move(received)));
  if (queue.size() == 1) run_front(instance);
}

void Desk::run_front(const std::string& instance) {
  queues_[instance].front()->run([self = self_, instance](const Report& report) {
    if (*self != nullptr) (*self)->finish(instance, report);
  });
}

void Desk::finish(const std::string& instance, const Report& report) {
  auto& queue = queues_[instance];
  const auto task = std::move(queue.front());
  queue.pop_front();
  around_.log(event_of(task->order(), report));
  around_.answers.report(report, task->correlation());
  fail_point("order.reported");
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
  around_.log(event_of(order, report));
  around_.answers.report(report, received.correlation);
}

Task* Desk::under_way(const std::string& deployment) const {
  for (const auto& [instance, queue] : queues_) {
    for (const auto& task : queue) {
      if (task->order().deployment == deployment) return task.get();
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
