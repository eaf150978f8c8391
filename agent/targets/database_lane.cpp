#include "agent/targets/database_lane.hpp"

#include <utility>

#include "agent/targets/limits.hpp"

namespace fieldline::targets {

DatabaseLane::DatabaseLane(Executor& loop, DatabaseUse use, std::filesystem::path own_folder,
                           const StatementTimes& times)
    : loop_(loop),
      use_(use),
      own_folder_(std::move(own_folder)),
      times_(times),
      used_(loop.clock().now()),
      self_(std::make_shared<DatabaseLane*>(this)),
      worker_("database", 1, kStatementsWaiting) {}

DatabaseLane::~DatabaseLane() {
  loop_.cancel(watch_);
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    if (session_) session_->interrupt();
  }
  worker_.finish();
}

bool DatabaseLane::enqueue(DatabaseConnection connection, Work work) {
  const bool taken = worker_.try_post(
      [this, connection = std::move(connection), work = std::move(work)] { carry_out(connection, work); });
  if (!taken) return false;
  ++open_;
  used_ = loop_.clock().now();
  return true;
}

void DatabaseLane::carry_out(const DatabaseConnection& connection, const Work& work) {
  const auto later = [this](auto task) {
    loop_.post([self = std::weak_ptr(self_), task = std::move(task)] {
      if (!self.expired()) task();
    });
  };
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return;
  }
  auto session = session_for(connection);
  later([this] { began(); });
  auto answer = work(std::move(session));
  if (session_ && session_->lost()) drop();
  later([this, answer = std::move(answer)] {
    ended();
    answer();
  });
}

Result<DatabaseSession*> DatabaseLane::session_for(const DatabaseConnection& connection) {
  if (session_ && opened_ != connection) drop();
  if (session_) return session_.get();
  auto opened = DatabaseSession::open(connection, use_, own_folder_, times_);
  if (!opened) return fail(std::move(opened.error()));
  opened_ = connection;
  const std::lock_guard lock(mutex_);
  session_ = std::move(*opened);
  if (closing_) session_->interrupt();
  return session_.get();
}

void DatabaseLane::drop() {
  std::unique_ptr<DatabaseSession> gone;
  const std::lock_guard lock(mutex_);
  gone = std::move(session_);
}

void DatabaseLane::interrupt() {
  const std::lock_guard lock(mutex_);
  if (session_) session_->interrupt();
}

// A server that was to cancel the statement by then and did not is given up.
void DatabaseLane::began() {
  watch_ = loop_.after(times_.limit + times_.silence, [this] { interrupt(); });
}

void DatabaseLane::ended() {
  loop_.cancel(std::exchange(watch_, 0));
  --open_;
  used_ = loop_.clock().now();
}

}  // namespace fieldline::targets
