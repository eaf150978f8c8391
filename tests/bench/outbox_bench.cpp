// What store and forward costs: messages of 1 KiB accepted durably, beside SQLite's own group commit of the
// same bytes by a bare writer thread, in turns on the same disk.
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "agent/journal/journal.hpp"
#include "agent/journal/schema.hpp"
#include "common/base/check.hpp"
#include "common/net/loop.hpp"
#include "common/sql/threaded_database.hpp"
#include "tests/bench/outbox/bare_commits.hpp"
#include "tests/bench/table.hpp"

namespace {

using namespace fieldline;
using namespace fieldline::bench;
using namespace std::chrono_literals;

constexpr std::size_t kBody = 1024;
constexpr int kRounds = 3;

class Scratch {
 public:
  Scratch() { std::filesystem::create_directories(folder_); }
  ~Scratch() { std::filesystem::remove_all(folder_); }
  // A file that is not there yet.
  std::filesystem::path fresh(const std::string& name) {
    return folder_ / (name + std::to_string(++files_) + ".db");
  }

 private:
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("fieldline-outbox-" + std::to_string(getpid()));
  int files_ = 0;
};

Message message(int target) {
  Message message;
  message.content = HttpRequest{std::string(kBody, 'm'), "application/json", {}, "POST", "/readings"};
  message.instance = "NorthStation";
  message.script = "Report";
  message.target = "external-systems/erp" + std::to_string(target);
  message.accepted = SystemClock().utc();
  return message;
}

struct Node {
  explicit Node(const std::filesystem::path& file) {
    auto opened = sql::open_threaded({"sqlite:" + file.string(), "journal", journal::migrations()});
    FIELDLINE_CHECK(opened.has_value());
    database = std::move(*opened);
    auto journal_opened = journal::Journal::open(*database, loop, {"north", "a"}, "stream");
    FIELDLINE_CHECK(journal_opened.has_value());
    journal = std::move(*journal_opened);
  }

  net::Loop loop;
  std::unique_ptr<sql::Database> database;
  std::unique_ptr<journal::Journal> journal;
};

// Messages a second, `in_flight` at any time.
double accepts(Node& node, std::size_t count, std::size_t in_flight) {
  const std::vector<Message> messages{message(0), message(1), message(2), message(3)};
  std::size_t asked = 0;
  std::size_t answered = 0;
  std::function<void()> ask = [&] {
    if (asked == count) return;
    node.journal->accept(messages[++asked % messages.size()], [&](const Result<journal::Accepted>& accepted) {
      FIELDLINE_CHECK(accepted.has_value());
      ++answered;
      ask();
    });
  };
  const auto start = std::chrono::steady_clock::now();
  node.loop.post([&] {
    for (std::size_t i = 0; i < in_flight; ++i) ask();
  });
  FIELDLINE_CHECK(node.loop.run_until([&] { return answered == count; }, 120s));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  return static_cast<double>(count) / took.count();
}

void measure_accepts(const Table& table, Scratch& scratch, std::size_t count, std::size_t in_flight) {
  std::vector<double> bare;
  std::vector<double> ours;
  std::vector<double> ratios;
  for (int round = 0; round < kRounds; ++round) {
    bare.push_back(bare_commits(scratch.fresh("bare"), count, in_flight, kBody));
    Node node(scratch.fresh("journal"));
    ours.push_back(accepts(node, count, in_flight));
    ratios.push_back(ours.back() / bare.back());
  }
  const auto scale = fmt::format("1 KiB, {} in flight", in_flight);
  table.add("accepted, durable", median(ours), "/s", scale);
  table.add("bare SQLite group commit", median(bare), "/s", scale);
  table.add("accepted: ratio to bare", median(ratios), "", scale);
}

}  // namespace

int main(int argc, char** argv) {
  const Table table("outbox", argc, argv);
  Scratch scratch;
  if (argc < 3) measure_accepts(table, scratch, 10'000, 1);
  measure_accepts(table, scratch, 200'000, 256);
}
