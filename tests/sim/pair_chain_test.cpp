// The whole chain of a vote on one simulated network: role, peer line, uplink, the coordinator's
// Communication Layer, and votes in SQLite on each side.
#include <catch2/catch.hpp>

#include "agent/pair/pair.hpp"
#include "agent/uplink/uplink.hpp"
#include "common/lease/sql_votes.hpp"
#include "common/sql/inline_database.hpp"
#include "tests/unit/coordinator/sites/field.hpp"

namespace fieldline::sites {
namespace {

const sql::Migration kVotesOnly[] = {{1, "votes", lease::kVotesTable}};

class QuietDuties final : public pair::Duties {
 public:
  void begin_serving(std::uint64_t epoch) override { epochs.push_back(epoch); }
  void raise_epoch(std::uint64_t epoch) override { epochs.push_back(epoch); }
  void end_serving(std::function<void()> ended) override { ended(); }
  void stop_deliveries(std::function<void()> drained) override { drained(); }
  void resume_deliveries() override {}
  void peer_drains() override {}
  void record(const pair::RecordWindow&) override {}
  void alarm(std::string_view, const std::string&) override {}
  void entered(const pair::Enter&) override {}

  std::vector<std::uint64_t> epochs;
};

// A node that holds nothing and takes part in its pair. `disk` outlives it.
class PairedNode final : public uplink::Node {
 public:
  PairedNode(Field& field, sql::Database& disk, const std::string& name, const std::string& peer)
      : name_(name),
        loop_(field.time.executor()),
        admission_(field.time.clock()),
        router_(field.network.router(*loop_, name, key_of(name), admission_)),
        to_peer_(field.network.dealer(*loop_, name, key_of(name), peer, key_of(peer))),
        to_central_(field.network.dealer(*loop_, name, key_of(name), "central", key_of("central"))),
        votes_(disk, *loop_, "node"),
        link_(*loop_, *to_peer_, *router_, key_of(peer), Random(3)),
        uplink_(*loop_, *to_central_, *this, Random(4)),
        pair_({*loop_, votes_, duties, &link_, [this](const auto& message) { report(message); }},
              settings(name, peer), (*lease::SqlVotes::all(disk))["node"], {}) {
    admission_.allow(key_of(peer));
    uplink_.on_vote([this](const uplink::Uplink::Vote& vote) { pair_.hear(vote); });
    loop_->post([this] {
      uplink_.start();
      pair_.start();
    });
  }

  Hello hello() override {
    Hello hello;
    hello.site = "north";
    hello.node = name_;
    hello.role = pair_.role();
    hello.epoch = pair_.epoch();
    hello.inventory_digest = wire::digest({});
    return hello;
  }
  void welcomed(const Welcome&) override {}
  void disconnected(std::string_view) override {}
  void order(uplink::ReceivedOrder) override {}
  void piece(const Piece&, std::string_view) override {}
  void inventory(const InventoryQuery&, Reply<InventoryPage> reply) override { reply({}); }
  void artifacts(const ArtifactsQuery&, Reply<ArtifactsPage> reply) override { reply({}); }
  void values(const ValuesQuery&, Reply<ValuesPage> reply) override { reply({}); }
  void alarms(const AlarmsQuery&, Reply<AlarmsPage> reply) override { reply({}); }
  void events(const EventQuery&, Reply<EventPage> reply) override { reply({}); }
  void hand_over(const SwitchQuery&, Reply<SwitchAnswer> reply) override { reply({}); }
  void maintain(const MaintenanceQuery&, Reply<SwitchAnswer> reply) override { reply({}); }
  void outbox(const OutboxQuery&, Reply<OutboxPage> reply) override { reply({}); }
  void parked(const ParkedQuery&, Reply<ParkedPage> reply) override { reply({}); }
  void message(const MessageQuery&, Reply<MessagePart> reply) override { reply({}); }
  void decide(const ParkedDecision&, Reply<ParkedDecided> reply) override { reply({}); }
  void health(Reply<NodeHealth> reply) override { reply({}); }

  [[nodiscard]] bool acts() const { return pair_.may_act()->holds(loop_->clock().now()); }
  [[nodiscard]] bool connected() const { return uplink_.open(); }
  [[nodiscard]] const pair::Pair& pair() const { return pair_; }
  void command(pair::Command command) {
    loop_->post([this, command] { CHECK(pair_.command(command)); });
  }

  QuietDuties duties;

 private:
  static pair::Settings settings(const std::string& name, const std::string& peer) {
    pair::Settings settings;
    settings.node = name;
    settings.peer = peer;
    settings.preferred = name == "a";
    return settings;
  }
  void report(const pair::CentralMessage& message) {
    std::visit([this](const auto& body) { uplink_.send(body); }, message);
  }

  const std::string name_;
  std::unique_ptr<Executor> loop_;
  net::Admission admission_;
  std::unique_ptr<net::Router> router_;
  std::unique_ptr<net::Dealer> to_peer_;
  std::unique_ptr<net::Dealer> to_central_;
  lease::SqlVotes votes_;
  pair::PeerLink link_;
  uplink::Uplink uplink_;
  pair::Pair pair_;
};

struct Chain {
  Field field;
  std::unique_ptr<sql::Database> disk_a = disk();
  std::unique_ptr<sql::Database> disk_b = disk();
  std::unique_ptr<PairedNode> a;
  std::unique_ptr<PairedNode> b;

  Chain() {
    start_a();
    accept({"north", "a"});
    REQUIRE(run_until([&] { return a->acts(); }, 60s));
    start_b();
    accept({"north", "b"});
    REQUIRE(run_until([&] { return b->connected(); }, 60s));
    field.time.run_for(20s);
    REQUIRE(b->pair().phase() == NodePhase::kStandby);
  }

  std::unique_ptr<sql::Database> disk() {
    auto opened = sql::open_inline({"sqlite::memory:", "node", kVotesOnly}, field.time.executor(), 5ms);
    REQUIRE(opened);
    return std::move(*opened);
  }
  void start_a() { a = std::make_unique<PairedNode>(field, *disk_a, "a", "b"); }
  void start_b() { b = std::make_unique<PairedNode>(field, *disk_b, "b", "a"); }
  void accept(const NodeId& node) {
    REQUIRE(run_until([&] { return !field.sites.pending().empty(); }, 10s));
    field.sites.accept(field.sites.pending().front().fingerprint, node, "ann",
                       [](const Result<>& done) { REQUIRE(done); });
  }
  [[nodiscard]] bool run_until(const std::function<bool()>& done, Duration limit) {
    return field.time.run_until(done, limit);
  }
  void cut(const std::string& left, const std::string& right) {
    field.network.cut(left, right);
    field.network.cut(right, left);
  }
  void heal(const std::string& left, const std::string& right) {
    field.network.heal(left, right);
    field.network.heal(right, left);
  }
};

TEST_CASE("a node that dies is replaced, and the coordinator knows who is active and in which epoch") {
  Chain chain;
  CHECK(chain.field.sites.active("north") == NodeId{"north", "a"});
  CHECK(chain.field.sites.node({"north", "a"})->epoch == chain.a->pair().epoch());
  chain.a.reset();
  REQUIRE(chain.run_until([&] { return chain.b->acts(); }, 10s));
  chain.field.time.run_for(100ms);
  CHECK(chain.field.sites.active("north") == NodeId{"north", "b"});
  CHECK(chain.field.sites.node({"north", "b"})->epoch == chain.b->pair().epoch());
  CHECK((*chain.field.votes.all())["north"].holder == "b");
  CHECK((*lease::SqlVotes::all(*chain.disk_b))["node"].holder == "b");
  chain.start_a();
  REQUIRE(chain.run_until([&] { return chain.a->connected(); }, 60s));
  chain.field.time.run_for(20s);
  CHECK(chain.a->pair().phase() == NodePhase::kStandby);
  CHECK(chain.field.sites.standby("north") == NodeId{"north", "a"});
}

TEST_CASE("either of the two other voters is enough, and without both nobody is active") {
  Chain chain;
  chain.cut("a", "b");
  chain.field.time.run_for(60s);
  CHECK(chain.a->acts());
  CHECK_FALSE(chain.b->acts());
  chain.heal("a", "b");
  chain.field.time.run_for(60s);
  for (const auto* node : {"a", "b"}) chain.cut(node, "central");
  chain.field.time.run_for(60s);
  CHECK(chain.a->acts());
  CHECK_FALSE(chain.b->acts());
  chain.cut("a", "b");
  REQUIRE(chain.run_until([&] { return !chain.a->acts(); }, 6s));
  chain.field.time.run_for(60s);
  CHECK_FALSE(chain.a->acts());
  CHECK_FALSE(chain.b->acts());
  CHECK(chain.a->duties.epochs.size() == 1);
  CHECK(chain.b->duties.epochs.empty());
}

TEST_CASE("a planned switch takes a second at most, and the coordinator hears of it") {
  Chain chain;
  chain.a->command(pair::Command::kSwitch);
  REQUIRE(chain.run_until([&] { return !chain.a->acts(); }, 2s));
  REQUIRE(chain.run_until([&] { return chain.b->acts(); }, 1s));
  chain.field.time.run_for(100ms);
  CHECK(chain.field.sites.active("north") == NodeId{"north", "b"});
  CHECK(chain.field.sites.standby("north") == NodeId{"north", "a"});
  CHECK_FALSE(chain.field.heard(NodeEventKind::kWarning, "two-active"));
}

}  // namespace
}  // namespace fieldline::sites
