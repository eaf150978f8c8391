#include "agent/pair/pair.hpp"

#include <catch2/catch.hpp>
#include <optional>

#include "common/base/virtual_time.hpp"
#include "common/lease/booth.hpp"
#include "common/net/admission.hpp"
#include "common/net/lossy_network.hpp"
#include "common/wire/message.hpp"

using namespace fieldline;
using namespace fieldline::pair;
using namespace std::chrono_literals;

namespace {

// Remembers what it was told, and ends serving when the test says so.
class RecordingDuties final : public Duties {
 public:
  void begin_serving(std::uint64_t epoch) override { begun.push_back(epoch); }
  void raise_epoch(std::uint64_t epoch) override { begun.push_back(epoch); }
  void end_serving(std::function<void()> ended) override {
    ++ends;
    may_act_at_end = permit && permit->holds(clock->now());
    if (slow) {
      waiting = std::move(ended);
    } else {
      ended();
    }
  }
  void stop_deliveries(std::function<void()> drained) override { drained(); }
  void resume_deliveries() override {}
  void peer_drains() override {}
  void record(const RecordWindow&) override {}
  void alarm(std::string_view code, const std::string&) override { alarms.emplace_back(code); }
  void entered(const Enter&) override {}

  std::vector<std::uint64_t> begun;
  int ends = 0;
  bool slow = false;
  bool may_act_at_end = false;
  std::function<void()> waiting;
  std::vector<std::string> alarms;
  std::shared_ptr<Permit> permit;
  const Clock* clock = nullptr;
};

struct Twins;

// One node: its vote outlives a stop, as a disk does.
struct TwinNode {
  struct Running {
    Running(Twins& twins, TwinNode& node);
    std::unique_ptr<Executor> loop;
    net::Admission admission;
    std::unique_ptr<net::Router> router;
    std::unique_ptr<net::Dealer> dealer;
    lease::MemoryVotes votes;
    PeerLink link;
    RecordingDuties duties;
    Pair pair;
  };

  std::string name;
  std::string peer;
  lease::Vote disk;
  std::unique_ptr<Running> running;

  [[nodiscard]] bool active(const Clock& clock) const {
    return running != nullptr && running->pair.may_act()->holds(clock.now());
  }
};

// Two nodes on a simulated network, and the coordinator's voter.
struct Twins {
  VirtualTime time;
  net::LossyNetwork network{Random(1)};
  std::unique_ptr<Executor> centre = time.executor();
  lease::Vote central_disk;
  lease::MemoryVotes central_votes{*centre, central_disk};
  std::unique_ptr<lease::Booth> booth =
      std::make_unique<lease::Booth>(time.clock(), central_votes, lease::Vote{}, 6s);
  TwinNode a{"a", "b", {}, nullptr};
  TwinNode b{"b", "a", {}, nullptr};

  ~Twins() {
    a.running.reset();
    b.running.reset();
  }
  void start(TwinNode& node) { node.running = std::make_unique<TwinNode::Running>(*this, node); }
  void settle_with_a() {
    start(a);
    REQUIRE(time.run_until([&] { return a.active(time.clock()); }, 20s));
    start(b);
    time.run_for(20s);
    REQUIRE(b.running->pair.phase() == NodePhase::kStandby);
  }
  // What a node says to the coordinator, and what that answers, a millisecond later each.
  void to_central(TwinNode& node, const CentralMessage& message) {
    centre->after(1ms, [this, &node, message] {
      if (!booth) return;
      if (const auto* release = std::get_if<LeaseRelease>(&message))
        booth->release(node.name, release->epoch);
      if (const auto* request = std::get_if<VoteRequest>(&message)) {
        booth->ask({node.name, *request}, [&node](const lease::Answer& answer) {
          if (!node.running) return;
          node.running->loop->after(1ms, [&node, answer] { node.running->pair.hear(answer); });
        });
      }
    });
  }
};

TwinNode::Running::Running(Twins& twins, TwinNode& node)
    : loop(twins.time.executor()),
      admission(twins.time.clock()),
      router(twins.network.router(*loop, node.name, node.name + "-key", admission)),
      dealer(twins.network.dealer(*loop, node.name, node.name + "-key", node.peer, node.peer + "-key")),
      votes(*loop, node.disk),
      link(*loop, *dealer, *router, node.peer + "-key", Random(7)),
      pair({*loop, votes, duties, &link,
            [&twins, &node](const CentralMessage& message) { twins.to_central(node, message); }},
           [&] {
             Settings settings;
             settings.node = node.name;
             settings.peer = node.peer;
             settings.preferred = node.name == "a";
             return settings;
           }(),
           node.disk, {}) {
  admission.allow(node.peer + "-key");
  duties.permit = pair.may_act();
  duties.clock = &twins.time.clock();
  loop->post([this] { pair.start(); });
}

}  // namespace

TEST_CASE("of two nodes one becomes active, and the other when that is gone") {
  Twins twins;
  twins.settle_with_a();
  CHECK(twins.a.running->duties.begun.size() == 1);
  CHECK(twins.b.running->duties.begun.empty());
  CHECK_FALSE(twins.b.active(twins.time.clock()));
  twins.a.running.reset();
  REQUIRE(twins.time.run_until([&] { return twins.b.active(twins.time.clock()); }, 10s));
  CHECK(twins.b.running->duties.begun == std::vector{twins.b.running->pair.epoch()});
  twins.start(twins.a);
  twins.time.run_for(30s);
  CHECK(twins.a.running->pair.phase() == NodePhase::kStandby);
  CHECK(twins.b.active(twins.time.clock()));
}

TEST_CASE("the peer's vote is enough, over its line, and the line is dialed again after a loss") {
  Twins twins;
  twins.settle_with_a();
  twins.booth.reset();
  twins.time.run_for(60s);
  CHECK(twins.a.active(twins.time.clock()));
  twins.b.running.reset();
  twins.time.run_for(3s);
  twins.start(twins.b);
  twins.time.run_for(60s);
  CHECK(twins.a.active(twins.time.clock()));
  CHECK(twins.a.running->duties.ends == 0);
}

TEST_CASE("the permit ends with the lease, even while the loop does nothing") {
  Twins twins;
  twins.settle_with_a();
  const auto permit = twins.a.running->pair.may_act();
  const auto now = twins.time.clock().now();
  CHECK(permit->holds(now));
  CHECK_FALSE(permit->holds(now + 5401ms));
  twins.a.running.reset();
  CHECK_FALSE(permit->holds(now));
}

TEST_CASE("nothing may act any more when serving is told to end") {
  Twins twins;
  twins.settle_with_a();
  auto& duties = twins.a.running->duties;
  duties.slow = true;
  twins.booth.reset();
  twins.b.running.reset();
  REQUIRE(twins.time.run_until([&] { return duties.ends == 1; }, 10s));
  CHECK_FALSE(duties.may_act_at_end);
  CHECK(twins.a.running->pair.phase() == NodePhase::kFenced);
  twins.time.run_for(20s);
  CHECK(twins.a.running->pair.phase() == NodePhase::kFenced);
  twins.a.running->loop->post([&] { duties.waiting(); });
  twins.time.run_for(10s);
  CHECK(twins.a.running->pair.phase() == NodePhase::kStandby);
}

TEST_CASE("a planned switch is answered, and happens") {
  Twins twins;
  twins.settle_with_a();
  std::optional<Result<>> at_a;
  std::optional<Result<>> at_b;
  twins.b.running->loop->post([&] { at_b = twins.b.running->pair.command(Command::kSwitch); });
  twins.time.run_for(10ms);
  REQUIRE(at_b);
  REQUIRE_FALSE(*at_b);
  CHECK(at_b->error().where == "not-active");
  twins.a.running->loop->post([&] { at_a = twins.a.running->pair.command(Command::kSwitch); });
  REQUIRE(twins.time.run_until([&] { return twins.b.active(twins.time.clock()); }, 1s));
  CHECK(at_a->has_value());
  CHECK(twins.a.running->duties.ends == 1);
}

TEST_CASE("what another key, another channel or no protocol at all sends to a peer is dropped") {
  Twins twins;
  twins.settle_with_a();
  // The lines of b, in the test's hand.
  twins.b.running.reset();
  auto loop = twins.time.executor();
  const auto dealer = twins.network.dealer(*loop, "b", "b-key", "a", "a-key");
  REQUIRE(dealer->reconnect());
  const auto send = [&](net::Frames frames) {
    CHECK(dealer->send(std::move(frames)) == net::Sent::kYes);
    twins.time.run_for(10ms);
  };
  auto& link = twins.a.running->link;
  const auto before = link.dropped();
  send({"nonsense", "more"});
  send(wire::seal(wire::Ping{}, 1));
  send(wire::seal(RoleChange{}, 1));
  auto damaged = wire::seal(PeerBeat{}, 1);
  damaged[1][0] = '\x7f';
  send(damaged);
  CHECK(link.dropped() == before + 4);
  auto foreign = wire::seal(PeerBeat{}, 1);
  foreign[0][2] = 9;
  send(foreign);
  // An active node goes on.
  CHECK(link.dropped() == before + 5);
  CHECK(twins.a.active(twins.time.clock()));
}

TEST_CASE("a standby whose peer speaks another protocol takes no part") {
  Twins twins;
  twins.settle_with_a();
  twins.a.running.reset();
  auto loop = twins.time.executor();
  const auto dealer = twins.network.dealer(*loop, "a", "a-key", "b", "b-key");
  REQUIRE(dealer->reconnect());
  auto foreign = wire::seal(PeerBeat{}, 1);
  foreign[0][2] = 9;
  CHECK(dealer->send(std::move(foreign)) == net::Sent::kYes);
  twins.time.run_for(30s);
  CHECK(twins.b.running->pair.phase() == NodePhase::kTerminated);
  CHECK(twins.b.running->duties.alarms == std::vector<std::string>{"terminated"});
  CHECK_FALSE(twins.b.active(twins.time.clock()));
}
