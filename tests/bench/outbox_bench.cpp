// What store and forward costs: messages of 1 KiB accepted durably, beside SQLite's own group commit of the
// same bytes, alone and behind ZeroMQ, and beside what others run for it, in turns on the same disk; the same
// with a standby that follows; from acceptance to a web server, beside plain libcurl; and what a backlog
// costs to drain.
#include <malloc.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "agent/journal/journal.hpp"
#include "agent/journal/schema.hpp"
#include "agent/outbox/outbox.hpp"
#include "agent/targets/targets.hpp"
#include "common/base/check.hpp"
#include "common/net/loop.hpp"
#include "common/sql/threaded_database.hpp"
#include "tests/bench/outbox/bare_commits.hpp"
#include "tests/bench/outbox/bare_wire.hpp"
#include "tests/bench/outbox/http_sink.hpp"
#include "tests/bench/outbox/pair_side.hpp"
#include "tests/bench/peers/peers.hpp"
#include "tests/bench/stopwatch.hpp"
#include "tests/bench/table.hpp"

namespace {

using namespace fieldline;
using namespace fieldline::bench;
using namespace std::chrono_literals;

constexpr std::size_t kBody = 1024;
constexpr int kRounds = 3;
constexpr std::size_t kTargets = 4;

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

// A target that takes everything at once.
class Anywhere final : public targets::Courier {
 public:
  explicit Anywhere(Executor& loop) : loop_(loop) {}
  void deliver(const Message&, Done<targets::Outcome> done) override {
    loop_.post([done = std::move(done)] { done(targets::Delivered{"200 OK"}); });
  }
  void call(const std::string&, HttpRequest, Done<Result<targets::HttpAnswer>>) override {}
  void query(const std::string&, targets::DatabaseQuery, Done<Result<Json>>) override {}

 private:
  Executor& loop_;
};

// Accepts and delivers: nowhere, unless `courier` is made.
struct Node {
  using MakeCourier = std::function<std::unique_ptr<targets::Courier>(Executor&)>;

  explicit Node(const std::filesystem::path& file, const std::string& name = "a",
                const MakeCourier& make = {})
      : courier(make ? make(loop) : std::make_unique<Anywhere>(loop)) {
    auto opened = sql::open_threaded({"sqlite:" + file.string(), "journal", journal::migrations()});
    FIELDLINE_CHECK(opened.has_value());
    database = std::move(*opened);
    auto journal_opened = journal::Journal::open(*database, loop, {"north", name}, "stream of " + name);
    FIELDLINE_CHECK(journal_opened.has_value());
    journal = std::move(*journal_opened);
    outbox.emplace(outbox::Outbox::Surroundings{
                       loop, *journal, *courier, [](const std::string&) { return outbox::Patience{}; },
                       [] { return true; }, [](const Event&) {}, [] { return std::int64_t{1} << 40; }},
                   outbox::Caps{std::int64_t{1} << 40, std::chrono::hours(1000), false});
  }

  // Nothing waits any more, and that is on the disk.
  [[nodiscard]] bool is_done() const {
    const auto targets = outbox->status();
    return std::all_of(targets.begin(), targets.end(), [](const auto& target) { return target.depth == 0; });
  }

  net::Loop loop;
  std::unique_ptr<targets::Courier> courier;
  std::unique_ptr<sql::Database> database;
  std::unique_ptr<journal::Journal> journal;
  std::optional<outbox::Outbox> outbox;
};

// Messages a second, `in_flight` of them asked for and not answered at any time.
double accepts(Node& node, std::size_t count, std::size_t in_flight, std::size_t target_count) {
  std::vector<Message> messages;
  for (std::size_t i = 0; i < target_count; ++i) messages.push_back(message(static_cast<int>(i)));
  std::size_t asked = 0;
  std::size_t answered = 0;
  std::function<void()> ask = [&] {
    if (asked == count) return;
    node.outbox->accept(messages[++asked % messages.size()], [&](const Result<MessageId>& accepted) {
      FIELDLINE_CHECK(accepted.has_value());
      ++answered;
      ask();
    });
  };
  const Stopwatch watch;
  node.loop.post([&] {
    for (std::size_t i = 0; i < in_flight; ++i) ask();
  });
  FIELDLINE_CHECK(node.loop.run_until([&] { return answered == count; }, 300s));
  return static_cast<double>(count) / watch.milliseconds() * 1000;
}

struct Attached {
  double accepted = 0;  // messages a second, answered
  double followed = 0;  // the same, on the standby's disk too
};

// The standby follows, and acknowledges, on a thread, loop and file of its own.
Attached accepts_with_standby(Scratch& scratch, const Load& load) {
  Node active(scratch.fresh("active"));
  Node standby(scratch.fresh("standby"), "b");
  const auto keys = net::KeyPair::generate();
  const auto standby_keys = net::KeyPair::generate();
  PairSide side(active.loop, *active.journal, keys, standby_keys.public_key());
  PairSide other(standby.loop, *standby.journal, standby_keys, keys.public_key());
  side.join(other, NodePhase::kActive);
  other.join(side, NodePhase::kStandby);
  std::thread thread([&] { standby.loop.run(); });
  const auto in_line = [&] { return other.reached() == active.journal->position().sequence; };
  // One message, so that what is timed begins with a standby that follows.
  accepts(active, 1, 1, 1);
  FIELDLINE_CHECK(active.loop.run_until(in_line, 60s));
  const Stopwatch watch;
  Attached rates;
  rates.accepted = accepts(active, load.count, load.in_flight, kTargets);
  FIELDLINE_CHECK(active.loop.run_until(in_line, 60s));
  rates.followed = static_cast<double>(load.count) / watch.milliseconds() * 1000;
  standby.loop.stop();
  thread.join();
  return rates;
}

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t size = 0;
  std::size_t resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

// Messages a second out of a backlog to one target, its journal opened as after a restart.
double drain(Scratch& scratch, std::size_t count, double& megabytes) {
  const auto file = scratch.fresh("backlog");
  {
    Node node(file);
    accepts(node, count, 1024, 1);
  }
  malloc_trim(0);
  const auto before = resident_bytes();
  Node node(file);
  const Stopwatch watch;
  node.loop.post([&] { node.outbox->start(); });
  std::size_t most = 0;
  std::size_t looks = 0;
  FIELDLINE_CHECK(node.loop.run_until(
      [&] {
        if (++looks % 64 == 0) most = std::max(most, resident_bytes());
        return node.is_done();
      },
      600s));
  const auto took = watch.milliseconds();
  megabytes = static_cast<double>(most - std::min(most, before)) / (1 << 20);
  return static_cast<double>(count) / took * 1000;
}

// Messages a second that a web server has taken and the journal has marked, from the first acceptance on.
double delivers(Scratch& scratch, const HttpSink& sink, const Load& load) {
  const auto system = std::make_shared<const Artifact>(ExternalSystem{.base_url = sink.url()});
  Node node(scratch.fresh("delivered"), "a", [&](Executor& loop) {
    return std::make_unique<targets::Targets>(
        targets::Targets::Surroundings{loop, [system](const std::string&) { return system; }, "/usr"});
  });
  const Stopwatch watch;
  node.loop.post([&] { node.outbox->start(); });
  accepts(node, load.count, 256, load.in_flight);
  FIELDLINE_CHECK(node.loop.run_until([&] { return node.is_done(); }, 300s));
  return static_cast<double>(load.count) / watch.milliseconds() * 1000;
}

void measure_delivery(const Table& table, Scratch& scratch, const Load& load) {
  const HttpSink sink;
  std::vector<double> bare;
  std::vector<double> ours;
  std::vector<double> ratios;
  for (int round = 0; round < kRounds; ++round) {
    bare.push_back(bare_posts(sink, load));
    ours.push_back(delivers(scratch, sink, load));
    ratios.push_back(ours.back() / bare.back());
  }
  const auto scale = fmt::format("1 KiB, {} targets", load.in_flight);
  table.add("accepted and delivered by HTTP", median(ours), "/s", scale);
  table.add("plain libcurl, a connection each", median(bare), "/s", scale);
  table.add("delivered by HTTP: ratio to plain libcurl", median(ratios), "", scale);
}

void measure_drain(const Table& table, Scratch& scratch) {
  double megabytes = 0;
  const auto small = drain(scratch, 20'000, megabytes);
  table.add("delivered and marked", small, "/s", "backlog of 20,000");
  const auto large = drain(scratch, 1'000'000, megabytes);
  table.add("delivered and marked", large, "/s", "backlog of 1,000,000");
  table.add("memory taken meanwhile", megabytes, "MiB", "backlog of 1,000,000");
  table.add("drain: ratio of large to small backlog", large / small, "", "");
}

// Messages a second of each, in turns.
void measure_accepts(const Table& table, Scratch& scratch, const Load& load) {
  std::vector<double> bare;
  std::vector<double> wire;
  std::vector<double> ours;
  std::map<std::string_view, std::vector<double>> others;
  std::vector<double> to_bare;
  std::vector<double> to_wire;
  std::vector<double> attached;
  std::vector<double> attached_to_wire;
  std::vector<double> followed;
  for (int round = 0; round < kRounds; ++round) {
    bare.push_back(bare_commits(scratch.fresh("bare"), load.count, load.in_flight, load.bytes));
    wire.push_back(bare_wire(scratch.fresh("wire"), load));
    Node node(scratch.fresh("journal"));
    ours.push_back(accepts(node, load.count, load.in_flight, kTargets));
    to_bare.push_back(ours.back() / bare.back());
    to_wire.push_back(ours.back() / wire.back());
    const auto pair = accepts_with_standby(scratch, load);
    attached.push_back(pair.accepted);
    attached_to_wire.push_back(pair.accepted / wire.back());
    followed.push_back(pair.followed);
    for (const auto& peer : peers()) {
      const auto folder = scratch.fresh("peer");
      std::filesystem::create_directories(folder);
      others[peer.name].push_back(peer.accepts(folder, load));
    }
  }
  const auto scale = fmt::format("1 KiB, {} in flight", load.in_flight);
  table.add("accepted, durable", median(ours), "/s", scale);
  table.add("bare SQLite group commit", median(bare), "/s", scale);
  table.add("bare ZeroMQ (CURVE) to SQLite group commit", median(wire), "/s", scale);
  table.add("accepted: ratio to bare SQLite", median(to_bare), "", scale);
  table.add("accepted: ratio to bare ZeroMQ to SQLite", median(to_wire), "", scale);
  table.add("accepted, with a standby", median(attached), "/s", scale);
  table.add("accepted with a standby: ratio to bare ZeroMQ to SQLite", median(attached_to_wire), "", scale);
  table.add("accepted, and on the standby too", median(followed), "/s", scale);
  for (const auto& [name, rates] : others) {
    table.add(name, median(rates), "/s", scale);
    table.add(fmt::format("accepted: ratio to {}", name), median(ours) / median(rates), "", scale);
  }
}

}  // namespace

int main(int argc, char** argv) {
  spdlog::set_level(spdlog::level::warn);
  const Table table("outbox", argc, argv);
  Scratch scratch;
  measure_accepts(table, scratch, {3'000, 1, kBody});
  measure_accepts(table, scratch, {100'000, 256, kBody});
  measure_delivery(table, scratch, {2'000, 1, kBody});
  measure_delivery(table, scratch, {8'000, kTargets, kBody});
  measure_drain(table, scratch);
}
