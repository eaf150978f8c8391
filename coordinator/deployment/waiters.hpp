// Who waits for the end of a deployment. Refuses more than it can hold. Lives on the loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "common/base/executor.hpp"
#include "coordinator/deployment/deployment.hpp"

namespace fieldline::deployment {

class Waiters {
 public:
  explicit Waiters(Executor& loop) : loop_(loop) {}

  // `now` is not over yet.
  void add(const Deployment& now, Duration up_to, Answer<Deployment> done);
  // The latest of its instance; one that it replaced is over.
  void changed(const Deployment& latest, bool over);
  // The instance was removed, and nothing of it is under way any more.
  void gone(const std::string& instance);

 private:
  struct Waiter {
    Deployment seen;
    Executor::TimerId timer = 0;
    Answer<Deployment> done;
  };
  using Key = std::pair<std::string, std::uint64_t>;  // instance, and which one

  void settle(const std::string& instance, const std::function<bool(Waiter&)>& over);

  Executor& loop_;
  std::map<Key, Waiter> waiters_;
  std::uint64_t last_ = 0;
};

}  // namespace fieldline::deployment
