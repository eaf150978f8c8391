#include <atomic>
#include <utility>

#include <spdlog/spdlog.h>

#include "common/base/check.hpp"
#include "coordinator/api/problem.hpp"
#include "coordinator/api/service.hpp"

namespace fieldline::api {

namespace {

// Asks before everything that is written.
class GuardedOutlet final : public Outlet {
 public:
  GuardedOutlet(std::shared_ptr<Outlet> outlet, std::function<bool()> may_go_on)
      : outlet_(std::move(outlet)), may_go_on_(std::move(may_go_on)) {}

  bool write(std::shared_ptr<const std::string> bytes) override {
    if (may_go_on_()) return outlet_->write(std::move(bytes));
    outlet_->close();
    return false;
  }
  void close() override { outlet_->close(); }

 private:
  const std::shared_ptr<Outlet> outlet_;
  const std::function<bool()> may_go_on_;
};

}  // namespace

struct Reply::State {
  std::shared_ptr<Exchange> exchange;
  std::function<bool()> may_go_on;
  std::function<void(Response&)> observe;
  std::function<void(audit::Entry, Response, Pass)> gate;
  audit::Entry entry;
  std::atomic<bool> answered = false;

  explicit State(std::unique_ptr<Exchange> to) : exchange(std::move(to)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() {
    if (answered) return;
    spdlog::error("api: a request was left without an answer");
    send(problem(Error{ErrorCode::kInternal, "unanswered", {}, {}}));
  }

  void send(Response response) {
    if (answered.exchange(true)) return;
    // This may be gone by the time that the gate lets the answer pass.
    Pass pass = [to = exchange, watcher = observe](Response passing) {
      if (watcher) watcher(passing);
      to->send(std::move(passing));
    };
    if (gate) return gate(std::move(entry), std::move(response), std::move(pass));
    pass(std::move(response));
  }
};

Reply::Reply(std::unique_ptr<Exchange> exchange) : state_(std::make_shared<State>(std::move(exchange))) {}

void Reply::send(Response response) const {
  state_->send(std::move(response));
}

void Reply::fail(const Error& error) const {
  auto response = problem(error);
  if (response.status == 500) spdlog::error("api: {}", error.describe());
  state_->send(std::move(response));
}

std::shared_ptr<Outlet> Reply::open(Response head) const {
  FIELDLINE_CHECK(!state_->gate);
  if (state_->answered.exchange(true)) return nullptr;
  if (state_->observe) state_->observe(head);
  auto outlet = state_->exchange->open(std::move(head));
  if (!outlet || !state_->may_go_on) return outlet;
  return std::make_shared<GuardedOutlet>(std::move(outlet), state_->may_go_on);
}

void Reply::guard(std::function<bool()> may_go_on) const {
  state_->may_go_on = std::move(may_go_on);
}

void Reply::observe(std::function<void(Response&)> observer) const {
  state_->observe = std::move(observer);
}

void Reply::hold(audit::Entry entry, std::function<void(audit::Entry, Response, Pass)> gate) const {
  state_->entry = std::move(entry);
  state_->gate = std::move(gate);
}

audit::Entry& Reply::entry() const {
  return state_->entry;
}

}  // namespace fieldline::api
