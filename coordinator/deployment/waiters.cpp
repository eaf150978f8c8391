#include "coordinator/deployment/waiters.hpp"

#include <utility>
#include <vector>

#include "coordinator/deployment/limits.hpp"

namespace fieldline::deployment {

void Waiters::add(const Deployment& now, Duration up_to, Answer<Deployment> done) {
  if (waiters_.size() >= kMaxWaiters) {
    return loop_.post([done = std::move(done)] {
      done(fail(ErrorCode::kExhausted, "too many wait for deployments: ask again without waiting"));
    });
  }
  const Key key{now.instance, ++last_};
  const auto timer = loop_.after(up_to, [this, key] {
    const auto waiter = std::move(waiters_.extract(key).mapped());
    waiter.done(waiter.seen);
  });
  waiters_.emplace(key, Waiter{now, timer, std::move(done)});
}

void Waiters::changed(const Deployment& latest, bool over) {
  settle(latest.instance, [&](Waiter& waiter) {
    if (waiter.seen.id != latest.id) return true;
    waiter.seen = latest;
    return over;
  });
}

void Waiters::gone(const std::string& instance) {
  settle(instance, [](const Waiter&) { return true; });
}

// Answers come last: they may wait again.
void Waiters::settle(const std::string& instance, const std::function<bool(Waiter&)>& over) {
  std::vector<Waiter> ready;
  auto at = waiters_.lower_bound({instance, 0});
  while (at != waiters_.end() && at->first.first == instance) {
    if (!over(at->second)) {
      ++at;
      continue;
    }
    loop_.cancel(at->second.timer);
    ready.push_back(std::move(at->second));
    at = waiters_.erase(at);
  }
  for (const auto& waiter : ready) waiter.done(waiter.seen);
}

}  // namespace fieldline::deployment
