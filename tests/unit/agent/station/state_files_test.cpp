// The databases of a node as a kill left them, and then damaged.
#include "agent/state_files.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <ios>
#include <memory>
#include <string>
#include <utility>

#include "agent/journal/journal.hpp"
#include "common/base/virtual_time.hpp"
#include "tests/unit/common/sql/scratch_folder.hpp"

namespace fieldline::agent {
namespace {

constexpr Timestamp kNow{std::chrono::hours(24 * 365 * 55)};

// A journal, which is called `name` if it has no name yet.
class OpenJournal {
 public:
  OpenJournal(const StateFiles& files, const std::string& name) {
    auto opened = journal::Journal::open(*files.journal, *loop_, {"north", "a"}, name);
    REQUIRE(opened);
    journal_ = std::move(*opened);
  }
  journal::Journal* operator->() { return journal_.get(); }

 private:
  VirtualTime time_;
  std::unique_ptr<Executor> loop_ = time_.executor();
  std::unique_ptr<journal::Journal> journal_;
};

void overwrite(const std::filesystem::path& file, std::streamoff at) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(at);
  stream << std::string(64, 'x');
  REQUIRE(stream.good());
}

// A node with a journal named "first", killed.
class KilledNode {
 public:
  KilledNode() {
    const sql::ScratchFolder running;
    const auto files = open_state_files(running / "", kNow);
    REQUIRE(files);
    OpenJournal journal(*files, "first");
    named = static_cast<std::streamoff>(std::filesystem::file_size(running / "journal.db-wal"));
    for (int i = 0; i < 4; ++i) REQUIRE(journal->carry_over({{"Pump", {{"level", std::to_string(i)}}}}));
    std::filesystem::copy(running / "", state(), std::filesystem::copy_options::recursive);
  }
  [[nodiscard]] std::filesystem::path state() const { return folder_ / "state"; }

 private:
  sql::ScratchFolder folder_;

 public:
  std::streamoff named = 0;  // where the log of the journal ended when it had its name
};

}  // namespace

TEST_CASE("a journal that a kill left keeps its name") {
  const KilledNode node;
  const auto files = open_state_files(node.state(), kNow);
  REQUIRE(files);
  CHECK(files->set_aside.empty());
  CHECK(OpenJournal(*files, "second")->journal() == "first");
}

TEST_CASE("a journal that lost the end of its log gets another name, also where the start then failed") {
  const KilledNode node;
  overwrite(node.state() / "journal.db-wal", node.named + 100);
  overwrite(node.state() / "votes.db-wal", 100);
  const auto refused = open_state_files(node.state(), kNow);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("may have voted") != std::string::npos);

  std::filesystem::remove(node.state() / "votes.db");
  const auto files = open_state_files(node.state(), kNow);
  REQUIRE(files);
  REQUIRE(files->set_aside.size() == 1);
  CHECK(files->set_aside.front().find("journal.db") != std::string::npos);
  OpenJournal journal(*files, "second");
  CHECK(journal->journal() == "second");
}

TEST_CASE("a vote whose log is damaged stops the start until the database is moved away") {
  const KilledNode node;
  overwrite(node.state() / "votes.db-wal", 100);
  REQUIRE_FALSE(open_state_files(node.state(), kNow));
  std::filesystem::rename(node.state() / "votes.db", node.state() / "votes.db.kept");
  CHECK(open_state_files(node.state(), kNow));
}

}  // namespace fieldline::agent
