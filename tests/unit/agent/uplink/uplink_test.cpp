#include "agent/uplink/uplink.hpp"

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "common/base/virtual_time.hpp"
#include "common/net/admission.hpp"
#include "common/net/lossy_network.hpp"

using namespace fieldline;
using namespace fieldline::uplink;
using namespace std::chrono_literals;

namespace {

// A node that remembers what it was asked.
class RecordingNode final : public Node {
 public:
  Hello hello() override {
    Hello hello;
    hello.site = "north";
    hello.node = "a";
    hello.term = 3;
    return hello;
  }
  void welcomed(const Welcome& welcome) override { welcomes.push_back(welcome); }
  void disconnected(std::string_view why) override { losses.emplace_back(why); }
  void order(ReceivedOrder order) override { orders.push_back(std::move(order)); }
  void piece(const Piece&, std::string_view bytes) override { pieces.emplace_back(bytes); }
  void inventory(const InventoryQuery&, Reply<InventoryPage> reply) override {
    reply(InventoryPage{{{true, "Pump7", "r1"}}, ""});
  }
  void artifacts(const ArtifactsQuery&, Reply<ArtifactsPage> reply) override { reply({}); }
  void values(const ValuesQuery&, Reply<ValuesPage> reply) override { held_values = std::move(reply); }
  void alarms(const AlarmsQuery&, Reply<AlarmsPage> reply) override { reply({}); }
  void events(const EventQuery&, Reply<EventPage> reply) override { reply({}); }
  void hand_over(const SwitchQuery&, Reply<SwitchAnswer> reply) override { reply({}); }
  void maintain(const MaintenanceQuery&, Reply<SwitchAnswer> reply) override { reply({}); }
  void outbox(const OutboxQuery&, Reply<OutboxPage> reply) override { reply({}); }
  void parked(const ParkedQuery&, Reply<ParkedPage> reply) override { reply({}); }
  void message(const MessageQuery&, Reply<MessagePart> reply) override { reply(part); }
  void decide(const ParkedDecision& decision, Reply<ParkedDecided> reply) override {
    decisions.push_back(decision);
    reply({});
  }
  void health(Reply<NodeHealth> reply) override { reply({}); }

  std::vector<Welcome> welcomes;
  std::vector<std::string> losses;
  std::vector<ReceivedOrder> orders;
  std::vector<std::string> pieces;
  Reply<ValuesPage> held_values;
  MessagePart part;
  std::vector<ParkedDecision> decisions;
};

// A node's uplink and the router of a coordinator that the test plays.
struct Line {
  Line() {
    admission.allow("node-key");
    listen();
    uplink.start();
  }

  void listen() {
    router = network.router(*central, "central", "central-key", admission);
    router->on_message([this](net::Router::Arrival&& arrival) {
      peer = arrival.peer;
      arrived.push_back(std::move(arrival.frames));
      const auto envelope = wire::open(arrived.back(), wire::Sender::kNode);
      if (welcoming && envelope->header.type == wire::Type::kHello) {
        REQUIRE(router->send(peer, wire::seal(Welcome{}, 5)) == net::Sent::kYes);
      }
    });
  }

  void run(Duration span) { world.run_for(span); }

  template <class Body>
  void send(const Body& body, std::uint64_t correlation = 0, std::string attachment = {}) {
    REQUIRE(router->send(peer, wire::seal(body, 5, correlation, std::move(attachment))) == net::Sent::kYes);
    run(10ms);
  }

  void welcome() {
    run(1s);
    Welcome body;
    body.term = 5;
    send(body);
    REQUIRE(uplink.open());
  }

  // The newest message of this type that came from the node.
  std::optional<wire::Envelope> last(wire::Type type) {
    for (auto it = arrived.rbegin(); it != arrived.rend(); ++it) {
      const auto envelope = wire::open(*it, wire::Sender::kNode);
      if (envelope && envelope->header.type == type) return *envelope;
    }
    return std::nullopt;
  }

  VirtualTime world;
  net::LossyNetwork network{Random(1)};
  std::unique_ptr<Executor> central = world.executor();
  std::unique_ptr<Executor> loop = world.executor();
  net::Admission admission{world.clock()};
  std::unique_ptr<net::Router> router;
  bool welcoming = false;  // does the coordinator answer HELLO by itself?
  std::unique_ptr<net::Dealer> dealer = network.dealer(*loop, "a", "node-key", "central", "central-key");
  RecordingNode node;
  Uplink uplink{*loop, *dealer, node, Random(2)};
  net::Router::Peer peer;
  std::vector<net::Frames> arrived;
};

}  // namespace

TEST_CASE("a node says HELLO first, with the highest term it has seen") {
  Line line;
  line.run(1s);
  const auto hello = line.last(wire::Type::kHello);
  REQUIRE(hello);
  CHECK(wire::body_of<Hello>(*hello)->site == "north");
  CHECK(hello->header.term == 3);
  CHECK_FALSE(line.uplink.open());
}

TEST_CASE("a welcomed node pings and reports its health in the rhythm it was given") {
  Line line;
  line.welcome();
  REQUIRE(line.node.welcomes.size() == 1);
  CHECK(line.last(wire::Type::kHealth));
  line.run(2100ms);
  const auto ping = line.last(wire::Type::kPing);
  REQUIRE(ping);
  CHECK(ping->header.term == 5);
}

TEST_CASE("before WELCOME no order reaches the node") {
  Line line;
  line.run(1s);
  line.send(Order{});
  CHECK(line.node.orders.empty());
  CHECK(line.uplink.dropped() == 1);
}

TEST_CASE("an order reaches the node with its term, correlation and attachment") {
  Line line;
  line.welcome();
  Order order;
  order.instance = "Pump7";
  line.send(order, 42, "bytes");
  REQUIRE(line.node.orders.size() == 1);
  CHECK(line.node.orders[0].order == order);
  CHECK(line.node.orders[0].attachment == "bytes");
  CHECK(line.node.orders[0].term == 5);
  CHECK(line.node.orders[0].correlation == 42);
}

TEST_CASE("an order of another term than its session's is not handed on") {
  Line line;
  line.welcome();
  auto frames = wire::seal(Order{}, 6);
  REQUIRE(line.router->send(line.peer, std::move(frames)) == net::Sent::kYes);
  line.run(10ms);
  CHECK(line.node.orders.empty());
  CHECK(line.uplink.dropped() == 1);
}

TEST_CASE("a vote request goes to the coordinator, and its answer comes back to who asked") {
  Line line;
  std::vector<Uplink::Vote> votes;
  line.uplink.on_vote([&](const Uplink::Vote& vote) { votes.push_back(vote); });
  line.welcome();
  line.uplink.send(VoteRequest{4, 6s, 9, false});
  line.run(10ms);
  const auto asked = line.last(wire::Type::kVoteRequest);
  REQUIRE(asked);
  CHECK(wire::body_of<VoteRequest>(*asked)->number == 9);
  line.send(VoteGrant{4, 9, false});
  line.send(VoteRefusal{4, 5, 10, VoteReason::kOldEpoch, {}});
  REQUIRE(votes.size() == 2);
  CHECK(votes[0] == Uplink::Vote(VoteGrant{4, 9, false}));
  CHECK(std::get<VoteRefusal>(votes[1]).kept == 5);
}

TEST_CASE("a vote before WELCOME, of another term, or to a node that asks for none is dropped") {
  Line line;
  int votes = 0;
  line.run(1s);
  line.send(VoteGrant{4, 9, false});
  line.welcome();
  line.send(VoteGrant{4, 9, false});
  line.uplink.on_vote([&](const Uplink::Vote&) { ++votes; });
  REQUIRE(line.router->send(line.peer, wire::seal(VoteGrant{4, 9, false}, 4)) == net::Sent::kYes);
  line.run(10ms);
  CHECK(votes == 0);
  CHECK(line.uplink.dropped() == 3);
}

TEST_CASE("a query is answered under its correlation number") {
  Line line;
  line.welcome();
  line.send(InventoryQuery{}, 7);
  const auto page = line.last(wire::Type::kInventoryPage);
  REQUIRE(page);
  CHECK(page->header.correlation == 7);
  CHECK(wire::body_of<InventoryPage>(*page)->items.size() == 1);
}

TEST_CASE("a piece of a message goes with its bytes behind it") {
  Line line;
  line.welcome();
  line.node.part.piece.size = 3;
  line.node.part.bytes = "abc";
  line.send(MessageQuery{}, 9);
  const auto piece = line.last(wire::Type::kMessagePiece);
  REQUIRE(piece);
  CHECK(piece->header.correlation == 9);
  CHECK(piece->attachment == "abc");
}

TEST_CASE("a decision of another term than its session's is not carried out") {
  Line line;
  line.welcome();
  REQUIRE(line.router->send(line.peer, wire::seal(ParkedDecision{}, 4)) == net::Sent::kYes);
  line.run(10ms);
  CHECK(line.node.decisions.empty());
  line.send(ParkedDecision{.who = "ann"}, 9);
  REQUIRE(line.node.decisions.size() == 1);
  CHECK(line.node.decisions.front().who == "ann");
  CHECK(line.last(wire::Type::kParkedDecided)->header.correlation == 9);
}

TEST_CASE("an answer that comes after its session is over goes nowhere") {
  Line line;
  line.welcome();
  line.send(ValuesQuery{}, 7);
  REQUIRE(line.node.held_values);
  line.send(Reject{"superseded", "another connection said HELLO"});
  line.welcome();
  line.node.held_values(ValuesPage{});
  line.run(100ms);
  CHECK_FALSE(line.last(wire::Type::kValuesPage));
}

TEST_CASE("a report that comes between HELLO and WELCOME follows the WELCOME") {
  Line line;
  line.run(1s);
  REQUIRE(line.last(wire::Type::kHello));
  Report report;
  report.deployment = "d1";
  line.uplink.send(report);
  SECTION("of the same attempt") {
    line.run(1s);
    CHECK_FALSE(line.last(wire::Type::kReport));
    line.welcome();
    const auto sent = line.last(wire::Type::kReport);
    REQUIRE(sent);
    CHECK(wire::body_of<Report>(*sent)->deployment == "d1");
  }
  SECTION("but not that of a later one, whose HELLO told of it") {
    line.arrived.clear();
    REQUIRE(line.world.run_until([&] { return line.last(wire::Type::kHello).has_value(); }, 60s));
    line.welcome();
    CHECK_FALSE(line.last(wire::Type::kReport));
  }
}

TEST_CASE("a silent coordinator is given up after the limit and dialed again") {
  Line line;
  line.welcome();
  line.run(9900ms);
  CHECK(line.uplink.open());
  line.run(200ms);
  CHECK_FALSE(line.uplink.open());
  REQUIRE(line.node.losses.size() == 1);
  line.welcome();
  CHECK(line.node.welcomes.size() == 2);
}

TEST_CASE("a coordinator that goes away and comes back finds the node again") {
  Line line;
  line.welcome();
  line.router.reset();
  line.run(1min);
  CHECK_FALSE(line.uplink.open());
  line.welcoming = true;
  line.listen();
  line.run(31s);
  CHECK(line.uplink.open());
}

TEST_CASE("a node whose key is not accepted yet keeps trying until it is") {
  Line line;
  line.admission.revoke("node-key");
  line.welcoming = true;
  line.run(2min);
  CHECK_FALSE(line.uplink.open());
  CHECK(line.admission.pending().size() == 1);
  line.admission.allow("node-key");
  line.run(31s);
  CHECK(line.uplink.open());
}

TEST_CASE("damaged and foreign messages are dropped and counted, and the session goes on") {
  Line line;
  line.welcome();
  const std::vector<net::Frames> rubbish = {
      {"x"},
      {"x", "y", "z", "w"},
      {std::string(24, '\0'), "\x80"},
      wire::seal(wire::Header{wire::Type::kOrder, 1, 0, 0, 5}, "\xc1"),
      wire::seal(wire::Header{wire::Type::kOrder, 1, 0, 0, 5}, "\x80"),
      wire::seal(Hello{}, 5),
  };
  for (auto frames : rubbish) REQUIRE(line.router->send(line.peer, std::move(frames)) == net::Sent::kYes);
  line.run(100ms);
  CHECK(line.uplink.dropped() == rubbish.size());
  CHECK(line.uplink.open());
  CHECK(line.node.orders.empty());
}
