// Two nodes with real journals, the real lines between them and the real replica, on virtual time and a lossy
// network. Which of them is active is said by the test.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/journal/journal.hpp"
#include "agent/journal/schema.hpp"
#include "agent/pair/peer_link.hpp"
#include "agent/replica/replica.hpp"
#include "common/base/virtual_time.hpp"
#include "common/model/outbox.hpp"
#include "common/net/admission.hpp"
#include "common/net/lossy_network.hpp"
#include "common/sql/inline_database.hpp"
#include "tests/unit/agent/journal/journal_disk.hpp"
#include "tests/unit/common/sql/scratch_folder.hpp"

namespace fieldline::replica {

class ReplicaNode {
 public:
  ReplicaNode(VirtualTime& time, net::LossyNetwork& network, std::string name, std::string peer)
      : time_(time), network_(network), name_(std::move(name)), peer_(std::move(peer)) {
    start();
  }
  ~ReplicaNode() { kill(); }
  ReplicaNode(const ReplicaNode&) = delete;

  void kill() { run_.reset(); }
  void start() { run_ = std::make_unique<Run>(*this); }
  void restart() {
    kill();
    start();
  }
  void replace_disk() {
    kill();
    folder_ = std::make_unique<sql::ScratchFolder>();
    start();
  }

  // What set_back() makes of its disk.
  void copy_disk() { copy_disk_to(*folder_, *copy_); }
  void set_back(bool noticed = false) {
    kill();
    copy_disk_to(*copy_, *folder_);
    noticed_ = noticed;
    start();
  }

  void serve(std::uint64_t epoch) {
    on_loop([&] { run_->replica.rest(); });
    REQUIRE(outcome_of([&](auto done) { journal().raise_epoch(epoch, done); }));
    on_loop([&] { run_->replica.feed(); });
    epoch_ = epoch;
    active_ = true;
  }
  void stand_by() {
    active_ = false;
    on_loop([&] { run_->replica.follow(); });
  }
  void rest() {
    active_ = false;
    on_loop([&] { run_->replica.rest(); });
  }
  // As the peer sees it.
  [[nodiscard]] std::optional<NodePhase> phase() const {
    if (!run_) return {};
    return active_ ? NodePhase::kActive : NodePhase::kStandby;
  }
  void knows(ReplicaNode& other) { other_ = &other; }

  template <class T, class Begin>
  Result<T> answer_of(Begin&& begin) {
    std::optional<Result<T>> answer;
    on_loop([&] { begin([&](Result<T> result) { answer = std::move(result); }); });
    REQUIRE(time_.run_until([&] { return answer.has_value(); }, std::chrono::seconds(10)));
    return std::move(*answer);
  }
  template <class Begin>
  Result<> outcome_of(Begin&& begin) {
    std::optional<Result<>> outcome;
    on_loop([&] { begin([&](const Result<>& result) { outcome = result; }); });
    REQUIRE(time_.run_until([&] { return outcome.has_value(); }, std::chrono::seconds(10)));
    return *outcome;
  }
  void on_loop(const std::function<void()>& what) {
    bool done = false;
    run_->loop->post([&] {
      what();
      done = true;
    });
    REQUIRE(time_.run_until([&] { return done; }, std::chrono::seconds(1)));
  }

  MessageId accept(const std::string& body) {
    const auto accepted = answer_of<journal::Accepted>(
        [&](auto done) { journal().accept(journal::message_to(journal::kErp, body), done); });
    REQUIRE(accepted);
    return accepted->id;
  }
  void accept_many(int count, std::size_t size = 100) {
    int kept = 0;
    for (int sent = 0; sent < count;) {
      on_loop([&] {
        for (int i = 0; i < 200 && sent < count; ++i, ++sent) {
          auto body = "many " + std::to_string(sent);
          body.resize(std::max(size, body.size()), '.');
          journal().accept(journal::message_to(journal::kErp, body),
                           [&](const Result<journal::Accepted>& accepted) { kept += accepted ? 1 : 0; });
        }
      });
      REQUIRE(time_.run_until([&] { return kept == sent; }, std::chrono::seconds(10)));
    }
  }
  std::vector<journal::Waiting> waiting() {
    std::vector<journal::Waiting> all;
    for (Place after = 0;;) {
      auto window =
          answer_of<journal::Window>([&](auto done) { journal().window(journal::kErp, after, done); });
      REQUIRE(window);
      if (window->messages.empty()) return all;
      after = window->through;
      for (auto& one : window->messages) all.push_back(std::move(one));
    }
  }
  std::vector<std::string> bodies() {
    std::vector<std::string> bodies;
    for (const auto& one : waiting()) bodies.push_back(journal::body_of(one.message));
    return bodies;
  }
  void deliver(const MessageId& id) {
    for (const auto& one : waiting()) {
      if (one.message.id != id) continue;
      REQUIRE(outcome_of([&](auto done) {
        journal().settle({{one.place, id, journal::Ending::kDelivered, Timestamp(Duration(7)), "201"}}, done);
      }));
      return;
    }
    FAIL("it does not wait");
  }
  void park(const MessageId& id) {
    for (const auto& one : waiting()) {
      if (one.message.id != id) continue;
      REQUIRE(answer_of<Place>([&](auto done) { journal().park(one.place, "refused", done); }));
      return;
    }
    FAIL("it does not wait");
  }
  std::size_t parked() {
    return answer_of<ParkedPage>([&](auto done) { journal().parked({}, "", 200, done); })->messages.size();
  }
  std::optional<journal::Ending> ending(const MessageId& id) {
    const auto proof = answer_of<journal::Proof>([&](auto done) { journal().proof(id, done); });
    return proof ? std::optional(proof->ending) : std::nullopt;
  }
  void tamper(const std::string& statement) {
    REQUIRE(run_->database->write_now([&](soci::session& sql) -> Result<> {
      sql << statement;
      return {};
    }));
  }

  journal::Journal& journal() { return *run_->journal; }
  Replica& replica() { return run_->replica; }
  [[nodiscard]] ReplicationState state() { return run_->replica.health().state; }

 private:
  struct Run {
    explicit Run(ReplicaNode& node)
        : loop(node.time_.executor()),
          database(open(node)),
          journal(open_journal(node, *database, *loop)),
          admission(node.time_.clock()),
          router(node.network_.router(*loop, node.name_, "key-" + node.name_, admission)),
          dealer(
              node.network_.dealer(*loop, node.name_, "key-" + node.name_, node.peer_, "key-" + node.peer_)),
          publisher(node.network_.publisher(*loop, node.name_, "key-" + node.name_, admission)),
          subscriber(node.network_.subscriber(*loop, node.name_, "key-" + node.name_, node.peer_,
                                              "key-" + node.peer_)),
          link(*loop, *dealer, *router, "key-" + node.peer_, Random(++node.lives_)),
          replica({*loop, *journal, *publisher, *subscriber,
                   [this](net::Frames frames) { link.send(std::move(frames)); },
                   [&node] { return node.other_ == nullptr ? std::nullopt : node.other_->phase(); },
                   [](const JournalPosition&) {}},
                  node.resync_rate, Random(node.lives_ + 7)) {
      admission.allow("key-" + node.peer_);
      loop->post([this] {
        link.on_journals([this](const wire::Envelope& envelope) { replica.hear(envelope); });
        link.start([](const pair::PeerMessage&) {}, [](const std::string&) {});
        replica.start();
        replica.rest();
      });
    }

    static std::unique_ptr<sql::Database> open(ReplicaNode& node) {
      auto database =
          sql::open_inline({node.folder_->connection("journal.db"), "journal", journal::migrations()},
                           node.time_.executor(), std::chrono::milliseconds(2));
      REQUIRE(database);
      return std::move(*database);
    }
    static std::unique_ptr<journal::Journal> open_journal(ReplicaNode& node, sql::Database& database,
                                                          Executor& loop) {
      if (std::exchange(node.noticed_, false))
        REQUIRE(journal::Journal::begin_anew(database, node.time_.clock().utc()));
      auto journal = journal::Journal::open(database, loop, {"north", node.name_},
                                            node.name_ + std::to_string(node.lives_));
      REQUIRE(journal);
      return std::move(*journal);
    }

    std::unique_ptr<Executor> loop;
    std::unique_ptr<sql::Database> database;
    std::unique_ptr<journal::Journal> journal;
    net::Admission admission;
    std::unique_ptr<net::Router> router;
    std::unique_ptr<net::Dealer> dealer;
    std::unique_ptr<net::Publisher> publisher;
    std::unique_ptr<net::Subscriber> subscriber;
    pair::PeerLink link;
    Replica replica;
  };

  static void copy_disk_to(const sql::ScratchFolder& from, const sql::ScratchFolder& to) {
    std::filesystem::remove_all(to / "");
    std::filesystem::copy(from / "", to / "", std::filesystem::copy_options::recursive);
  }

  VirtualTime& time_;
  net::LossyNetwork& network_;
  const std::string name_;
  const std::string peer_;
  ReplicaNode* other_ = nullptr;
  std::uint64_t lives_ = 0;
  std::uint64_t epoch_ = 0;
  bool active_ = false;
  bool noticed_ = false;
  std::unique_ptr<sql::ScratchFolder> folder_ = std::make_unique<sql::ScratchFolder>();
  const std::unique_ptr<sql::ScratchFolder> copy_ = std::make_unique<sql::ScratchFolder>();

 public:
  std::int64_t resync_rate = std::int64_t{8} << 20;

 private:
  std::unique_ptr<Run> run_;
};

struct ReplicaWorld {
  explicit ReplicaWorld(std::uint64_t seed = 1) : network(Random(seed)) {
    a.knows(b);
    b.knows(a);
  }
  // a active in `epoch`, b in line with it.
  void begin(std::uint64_t epoch = 1) {
    a.serve(epoch);
    b.stand_by();
    REQUIRE(in_line(a, b));
  }
  // The standby has all that the active has, and the active knows.
  bool in_line(ReplicaNode& active, ReplicaNode& standby, Duration limit = std::chrono::seconds(60)) {
    return time.run_until(
        [&] {
          const auto lag = active.replica().health().lag_rows;
          return standby.state() == ReplicationState::kFollowing && lag == 0 &&
                 standby.journal().position() == active.journal().position();
        },
        limit);
  }
  void both_ways(const std::function<void(const std::string&, const std::string&)>& what) {
    what("a", "b");
    what("b", "a");
  }
  void cut() {
    both_ways([this](const auto& from, const auto& to) { network.cut(from, to); });
  }
  void heal() {
    both_ways([this](const auto& from, const auto& to) { network.heal(from, to); });
  }

  VirtualTime time;
  net::LossyNetwork network;
  ReplicaNode a{time, network, "a", "b"};
  ReplicaNode b{time, network, "b", "a"};
};

}  // namespace fieldline::replica
