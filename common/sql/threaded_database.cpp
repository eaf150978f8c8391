#include "common/sql/threaded_database.hpp"

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "common/base/worker.hpp"
#include "common/sql/group_commit.hpp"

namespace fieldline::sql {
namespace {

// Writes that wait, taken a group at a time.
class WriteQueue {
 public:
  explicit WriteQueue(std::size_t capacity) : capacity_(capacity) {}

  [[nodiscard]] bool push(PendingWrite write) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || waiting_.size() >= capacity_) return false;
      waiting_.push_back(std::move(write));
    }
    ready_.notify_one();
    return true;
  }

  // Waits for at least one; empty once the queue is closed and drained.
  std::vector<PendingWrite> take(std::size_t most) {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    const auto count = std::min(most, waiting_.size());
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<PendingWrite> group(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
    return group;
  }

  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }

 private:
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<PendingWrite> waiting_;
  bool closed_ = false;
};

class ThreadedDatabase final : public Database {
 public:
  ThreadedDatabase(const Opening& opening, std::unique_ptr<const Clock> clock, Link writer, Link reader)
      : name_(writer.name()),
        clock_(std::move(clock)),
        writer_(std::move(writer)),
        reader_(std::move(reader)),
        writes_(opening.write_queue),
        read_worker_(opening.name + "-rd", 1, opening.read_queue),
        write_thread_([this, name = opening.name + "-wr"] {
          name_thread(name);
          for (auto group = writes_.take(kGroup); !group.empty(); group = writes_.take(kGroup)) {
            commit_group(writer_, group);
          }
        }) {}

  static Result<std::unique_ptr<Database>> open(const Opening& opening) {
    auto clock = std::make_unique<const SystemClock>();
    auto writer = open_writer(opening, *clock);
    if (!writer) return fail(writer.error());
    auto reader = Link::open(opening.connection, Access::kReadOnly, *clock);
    if (!reader) return fail(reader.error());
    return std::make_unique<ThreadedDatabase>(opening, std::move(clock), std::move(*writer),
                                              std::move(*reader));
  }

  ~ThreadedDatabase() override {
    writes_.close();
    write_thread_.join();
  }

  Result<> write_now(Write write) override {
    std::promise<Result<>> outcome;
    auto queued =
        enqueue_write(std::move(write), [&](Result<> result) { outcome.set_value(std::move(result)); });
    return queued ? outcome.get_future().get() : queued;
  }

 private:
  Result<> enqueue_write(Write write, Done settle) override {
    if (writes_.push({std::move(write), std::move(settle)})) return {};
    return queue_full("writes", name_);
  }

  Result<> enqueue_read(Read read) override {
    if (read_worker_.try_post([this, read = std::move(read)] { read(reader_); })) return {};
    return queue_full("queries", name_);
  }

  Result<> run_read_now(const Read& read) override {
    std::promise<void> finished;
    auto queued = enqueue_read([&](Link& link) {
      read(link);
      finished.set_value();
    });
    if (queued) finished.get_future().wait();
    return queued;
  }

  const std::string name_;
  const std::unique_ptr<const Clock> clock_;
  Link writer_;
  Link reader_;
  WriteQueue writes_;
  ThreadWorker read_worker_;
  std::thread write_thread_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_threaded(const Opening& opening) {
  return ThreadedDatabase::open(opening);
}

}  // namespace fieldline::sql
