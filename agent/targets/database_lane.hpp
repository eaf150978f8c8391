// One kept connection to one database and the thread that waits for it. Connects when there is something to
// do, again after a loss and when its artifact has changed. Refuses more than kStatementsWaiting. Lives on
// the loop; once it is destroyed nothing is answered.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "agent/targets/database_session.hpp"
#include "common/base/executor.hpp"
#include "common/base/worker.hpp"

namespace fieldline::targets {

class DatabaseLane {
 public:
  // On the lane's thread, with the session or why there is none; what it returns runs on the loop.
  using Work = std::function<Task(Result<DatabaseSession*>)>;

  DatabaseLane(Executor& loop, DatabaseUse use, std::filesystem::path own_folder,
               const StatementTimes& times);
  ~DatabaseLane();
  DatabaseLane(const DatabaseLane&) = delete;
  DatabaseLane& operator=(const DatabaseLane&) = delete;

  // False when too much waits.
  [[nodiscard]] bool enqueue(DatabaseConnection connection, Work work);
  [[nodiscard]] bool idle() const { return open_ == 0; }
  [[nodiscard]] Instant used() const { return used_; }

 private:
  void carry_out(const DatabaseConnection& connection, const Work& work);
  Result<DatabaseSession*> session_for(const DatabaseConnection& connection);
  void drop();
  void interrupt();
  void began();
  void ended();

  Executor& loop_;
  const DatabaseUse use_;
  const std::filesystem::path own_folder_;
  const StatementTimes times_;
  std::size_t open_ = 0;  // enqueued and not answered
  Instant used_{};
  Executor::TimerId watch_ = 0;

  std::mutex mutex_;  // of the two below
  std::unique_ptr<DatabaseSession> session_;
  bool closing_ = false;
  DatabaseConnection opened_;  // what session_ was opened as; the thread's

  const std::shared_ptr<DatabaseLane*> self_;  // what is posted too late finds it gone
  ThreadWorker worker_;                        // last: it uses all of them
};

}  // namespace fieldline::targets
