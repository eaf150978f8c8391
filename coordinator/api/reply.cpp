#include <atomic>
#include <utility>

#include <spdlog/spdlog.h>

#include "coordinator/api/problem.hpp"
#include "coordinator/api/service.hpp"

namespace fieldline::api {

struct Reply::State {
  std::unique_ptr<Exchange> exchange;
  std::function<void(Response&)> observe;
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
    if (observe) observe(response);
    exchange->send(std::move(response));
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
  if (state_->answered.exchange(true)) return nullptr;
  if (state_->observe) state_->observe(head);
  return state_->exchange->open(std::move(head));
}

void Reply::observe(std::function<void(Response&)> observer) const {
  state_->observe = std::move(observer);
}

}  // namespace fieldline::api
