#include "tests/bench/outbox/bare_commits.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "common/sql/limits.hpp"
#include "tests/bench/outbox/bare_table.hpp"

namespace fieldline::bench {
namespace {

class BareWriter {
 public:
  BareWriter(const std::filesystem::path& file, std::size_t size)
      : bytes_(size, 'm'), table_(file), thread_([this] { write(); }) {}
  ~BareWriter() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    asked_.notify_all();
    thread_.join();
  }
  BareWriter(const BareWriter&) = delete;
  BareWriter& operator=(const BareWriter&) = delete;

  void ask() {
    {
      const std::lock_guard lock(mutex_);
      ++waiting_;
    }
    asked_.notify_one();
  }
  // How many were answered, at least one.
  std::size_t answers() {
    std::unique_lock lock(mutex_);
    answered_.wait(lock, [this] { return done_ > 0; });
    return std::exchange(done_, 0);
  }

 private:
  void write() {
    for (;;) {
      std::size_t group = 0;
      {
        std::unique_lock lock(mutex_);
        asked_.wait(lock, [this] { return closed_ || waiting_ > 0; });
        if (closed_) return;
        group = std::min(waiting_, sql::kGroup);
        waiting_ -= group;
      }
      table_.begin();
      for (std::size_t i = 0; i < group; ++i) table_.insert(bytes_);
      table_.commit();
      {
        const std::lock_guard lock(mutex_);
        done_ += group;
      }
      answered_.notify_one();
    }
  }

  const std::string bytes_;
  BareTable table_;
  std::mutex mutex_;
  std::condition_variable asked_;
  std::condition_variable answered_;
  std::size_t waiting_ = 0;
  std::size_t done_ = 0;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace

double bare_commits(const std::filesystem::path& file, std::size_t count, std::size_t in_flight,
                    std::size_t size) {
  BareWriter writer(file, size);
  std::size_t asked = 0;
  const auto start = std::chrono::steady_clock::now();
  for (; asked < in_flight; ++asked) writer.ask();
  for (std::size_t answered = 0; answered < count;) {
    const auto more = writer.answers();
    answered += more;
    for (std::size_t i = 0; i < more && asked < count; ++i, ++asked) writer.ask();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  return static_cast<double>(count) / took.count();
}

}  // namespace fieldline::bench
