#include "agent/runtime/thread_strands.hpp"

#include <asio.hpp>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/check.hpp"
#include "common/base/worker.hpp"

namespace fieldline::runtime {
namespace {

using Strand = asio::strand<asio::io_context::executor_type>;

// What a strand's handlers share with its executor, which may be gone before they are.
class Core : public std::enable_shared_from_this<Core> {
 public:
  explicit Core(asio::io_context& context) : strand_(context.get_executor()) {}

  void post(Task task) {
    asio::post(strand_, [core = shared_from_this(), task = std::move(task)] {
      if (!core->closed_) task();
    });
  }

  Executor::TimerId after(Duration delay, Task task) {
    const std::lock_guard lock(mutex_);
    const auto id = ++timers_made_;
    auto& timer = timers_.try_emplace(id, strand_.get_inner_executor(), delay).first->second;
    timer.async_wait(asio::bind_executor(
        strand_, [core = shared_from_this(), id, task = std::move(task)](const asio::error_code&) {
          if (core->take(id)) task();
        }));
    return id;
  }

  void cancel(Executor::TimerId id) { static_cast<void>(take(id)); }

  void close() {
    closed_ = true;
    const std::lock_guard lock(mutex_);
    timers_.clear();
  }

  [[nodiscard]] bool here() const { return strand_.running_in_this_thread(); }

 private:
  // Whoever takes a timer out decides on its task: the expiry or the cancellation, never both.
  bool take(Executor::TimerId id) {
    const std::lock_guard lock(mutex_);
    return timers_.erase(id) > 0;
  }

  Strand strand_;
  std::atomic<bool> closed_ = false;
  std::mutex mutex_;
  Executor::TimerId timers_made_ = 0;
  std::map<Executor::TimerId, asio::steady_timer> timers_;
};

class StrandExecutor final : public Executor {
 public:
  StrandExecutor(asio::io_context& context, const Clock& clock)
      : core_(std::make_shared<Core>(context)), clock_(clock) {}
  ~StrandExecutor() override { core_->close(); }

  void post(Task task) override { core_->post(std::move(task)); }
  TimerId after(Duration delay, Task task) override { return core_->after(delay, std::move(task)); }
  void cancel(TimerId timer) override { core_->cancel(timer); }
  [[nodiscard]] bool here() const override { return core_->here(); }
  [[nodiscard]] const Clock& clock() const override { return clock_; }

 private:
  const std::shared_ptr<Core> core_;
  const Clock& clock_;
};

}  // namespace

class ThreadStrands::Pool {
 public:
  explicit Pool(std::size_t threads) : context_(static_cast<int>(threads)) {
    FIELDLINE_CHECK(threads > 0);
    for (std::size_t i = 0; i < threads; ++i) {
      threads_.emplace_back([this] {
        name_thread("instances");
        context_.run();
      });
    }
  }

  ~Pool() { join(); }

  void join() {
    context_.stop();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

  std::unique_ptr<Executor> make() { return std::make_unique<StrandExecutor>(context_, clock_); }

 private:
  SystemClock clock_;
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(context_);
  std::vector<std::thread> threads_;
};

ThreadStrands::ThreadStrands(std::size_t threads) : pool_(std::make_unique<Pool>(threads)) {}

ThreadStrands::~ThreadStrands() = default;

std::unique_ptr<Executor> ThreadStrands::make() {
  return pool_->make();
}

void ThreadStrands::join() {
  pool_->join();
}

}  // namespace fieldline::runtime
