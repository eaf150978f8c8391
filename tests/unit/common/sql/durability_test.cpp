#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdint>

#include "common/base/worker.hpp"
#include "common/sql/threaded_database.hpp"
#include "tests/unit/common/sql/scratch_folder.hpp"

namespace fieldline::sql {
namespace {

constexpr std::array kSchema{Migration{1, "rows", "CREATE TABLE rows (x INTEGER PRIMARY KEY) STRICT"}};

// Answers where it is called: the writer's thread.
class PipeExecutor final : public Executor {
 public:
  void post(Task task) override { task(); }
  TimerId after(Duration /*delay*/, Task /*task*/) override { return 0; }
  void cancel(TimerId /*timer*/) override {}
  [[nodiscard]] bool here() const override { return true; }
  [[nodiscard]] const Clock& clock() const override { return clock_; }

 private:
  SystemClock clock_;
};

// Writes 0, 1, 2 … as fast as it can and says each number that was acknowledged, until it is killed.
[[noreturn]] void write_until_killed(const std::string& connection, int out) {
  auto database = open_threaded({connection, "child", kSchema, kWriteQueue, kReadQueue});
  if (!database) ::_exit(1);
  PipeExecutor executor;
  for (std::int32_t x = 0;;) {
    const auto queued = (*database)->submit(
        [x](soci::session& sql) -> Result<> {
          sql << "INSERT INTO rows VALUES (:x)", soci::use(x);
          return {};
        },
        [x, out](const Result<>& outcome) {
          if (outcome && ::write(out, &x, sizeof x) != sizeof x) ::_exit(1);
        },
        executor);
    if (queued) ++x;
  }
}

TEST_CASE("every write that was acknowledged is there after a kill in mid-commit") {
  const ScratchFolder folder;
  const auto connection = folder.connection("a.db");
  std::int32_t next = 0;
  for (int round = 0; round < 3; ++round) {
    std::filesystem::remove(folder / "a.db");
    std::filesystem::remove(folder / "a.db-wal");
    std::filesystem::remove(folder / "a.db-shm");
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::close(ends[0]);
      write_until_killed(connection, ends[1]);
    }
    ::close(ends[1]);
    // The child is killed while it is busy: it has acknowledged some and goes on.
    const int enough = 500 * (round + 1);
    std::int32_t acknowledged = -1;
    for (next = 0; next < enough; ++next) {
      REQUIRE(::read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged);
    }
    REQUIRE(::kill(child, SIGKILL) == 0);
    while (::read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged) ++next;
    ::close(ends[0]);
    REQUIRE(::waitpid(child, nullptr, 0) == child);

    auto session = Session::open(connection);
    REQUIRE(session);
    int rows = 0;
    int last = 0;
    std::string check;
    session->soci() << "SELECT count(*), max(x) FROM rows", soci::into(rows), soci::into(last);
    session->soci() << "PRAGMA integrity_check", soci::into(check);
    CHECK(check == "ok");
    CHECK(rows == last + 1);
    CHECK(last >= acknowledged);
    CHECK(acknowledged == next - 1);
  }
}

}  // namespace
}  // namespace fieldline::sql
