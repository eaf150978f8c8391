#include "common/sql/inline_database.hpp"

#include <algorithm>
#include <vector>

#include "common/sql/group_commit.hpp"

namespace fieldline::sql {
namespace {

class InlineDatabase final : public Database {
 public:
  InlineDatabase(const Opening& opening, std::unique_ptr<Executor> turns, Duration commit_time, Link link)
      : write_queue_(opening.write_queue),
        read_queue_(opening.read_queue),
        commit_time_(commit_time),
        link_(std::move(link)),
        turns_(std::move(turns)) {}

  static Result<std::unique_ptr<Database>> open(const Opening& opening, std::unique_ptr<Executor> turns,
                                                Duration commit_time) {
    auto link = open_writer(opening, turns->clock());
    if (!link) return fail(link.error());
    return std::make_unique<InlineDatabase>(opening, std::move(turns), commit_time, std::move(*link));
  }

  Result<> write_now(Write write) override {
    while (!waiting_.empty()) commit_some();
    Result<> outcome;
    PendingWrite one{std::move(write), [&](Result<> result) { outcome = std::move(result); }};
    commit_group(link_, {&one, 1});
    return outcome;
  }

 private:
  Result<> enqueue_write(Write write, Done settle) override {
    if (waiting_.size() >= write_queue_) {
      return queue_full("writes", link_.name());
    }
    waiting_.push_back({std::move(write), std::move(settle)});
    if (waiting_.size() == 1) schedule_commit();
    return {};
  }

  Result<> enqueue_read(Read read) override {
    if (reads_ >= read_queue_) {
      return queue_full("queries", link_.name());
    }
    ++reads_;
    turns_->post([this, read = std::move(read)] {
      --reads_;
      read(link_);
    });
    return {};
  }

  Result<> run_read_now(const Read& read) override {
    read(link_);
    return {};
  }

  void schedule_commit() {
    turns_->after(commit_time_, [this] {
      commit_some();
      if (!waiting_.empty()) schedule_commit();
    });
  }

  void commit_some() {
    const auto count = std::min(kGroup, waiting_.size());
    if (count == 0) return;
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<PendingWrite> group(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
    commit_group(link_, group);
  }

  const std::size_t write_queue_;
  const std::size_t read_queue_;
  const Duration commit_time_;
  Link link_;
  std::vector<PendingWrite> waiting_;
  std::size_t reads_ = 0;
  std::unique_ptr<Executor> turns_;  // last: its tasks refer to the rest
};

}  // namespace

Result<std::unique_ptr<Database>> open_inline(const Opening& opening, std::unique_ptr<Executor> turns,
                                              Duration commit_time) {
  return InlineDatabase::open(opening, std::move(turns), commit_time);
}

}  // namespace fieldline::sql
