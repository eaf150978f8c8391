#include "agent/connections/link_state.hpp"

#include <utility>

namespace fieldline::connections {

LinkState::LinkState(std::string name, Executor& loop, std::weak_ptr<const LinkListener> listener)
    : loop_(loop), listener_(std::move(listener)) {
  state_.name = std::move(name);
}

void LinkState::up() {
  change(true, {});
}

void LinkState::down(std::string error) {
  change(false, std::move(error));
}

ConnectionHealth LinkState::get() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void LinkState::change(bool connected, std::string error) {
  const std::lock_guard lock(mutex_);
  if (state_.connected == connected && state_.error == error) return;
  state_.connected = connected;
  state_.error = std::move(error);
  loop_.post([listener = listener_, state = state_] {
    if (const auto alive = listener.lock()) (*alive)(state);
  });
}

}  // namespace fieldline::connections
