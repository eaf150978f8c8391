// A service for tests of the server: says what it got, keeps what the test wants to answer later.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

#include "coordinator/api/problem.hpp"
#include "coordinator/api/service.hpp"

namespace fieldline::api::test {

class EchoService final : public Service {
 public:
  static constexpr std::size_t kBodyLimit = 64 * 1024;

  Allowance allow(const Head&) override {
    return {kBodyLimit, problem(Error{ErrorCode::kTooLarge, "too large for an echo", {}, {}})};
  }

  // "/later" waits for the test; everything else is told back as JSON.
  void serve(Request request, Reply reply) override {
    if (request.head.target == "/later") {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(reply));
      arrived_.notify_all();
      return;
    }
    if (request.head.target == "/silence") return;
    reply.send(json_response(200, {{"method", name(request.head.method)},
                                   {"target", request.head.target},
                                   {"size", request.body.size()}}));
  }

  Reply next_waiting() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !waiting_.empty(); });
    auto reply = std::move(waiting_.back());
    waiting_.pop_back();
    return reply;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Reply> waiting_;
};

}  // namespace fieldline::api::test
