#include "agent/agent.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <functional>
#include <limits>
#include <utility>
#include <variant>
#include <vector>

#include "agent/connections/connections.hpp"
#include "agent/events/event_log.hpp"
#include "agent/health/vitals.hpp"
#include "agent/journal/journal.hpp"
#include "agent/node_duties.hpp"
#include "agent/orders/desk.hpp"
#include "agent/outbox/outbox.hpp"
#include "agent/outbox_desk.hpp"
#include "agent/outside.hpp"
#include "agent/pair/pair.hpp"
#include "agent/pair/peer_link.hpp"
#include "agent/replica/replica.hpp"
#include "agent/runtime/runtime.hpp"
#include "agent/station.hpp"
#include "agent/store/artifact_store.hpp"
#include "agent/store/configuration_store.hpp"
#include "agent/store/former_states.hpp"
#include "agent/uplink/uplink.hpp"
#include "common/base/check.hpp"
#include "common/lease/sql_votes.hpp"

namespace fieldline::agent {
namespace {

// The journal's shelf for what the runtime keeps.
class JournalKeeper final : public runtime::Keeper {
 public:
  JournalKeeper(Executor& loop, journal::Journal& journal, std::function<bool()> follows)
      : loop_(loop), journal_(journal), follows_(std::move(follows)) {}
  void load(const std::string& instance, Loaded reply) override { journal_.kept(instance, std::move(reply)); }
  void save(const std::string& instance, runtime::Kept changed, Saved reply) override {
    journal_.keep(instance, std::move(changed), std::move(reply));
  }
  // A standby forgets what the active node's journal says is forgotten.
  void forget(const std::string& instance, Saved reply) override {
    if (follows_()) return loop_.post([reply = std::move(reply)] { reply({}); });
    journal_.forget(instance, std::move(reply));
  }

 private:
  Executor& loop_;
  journal::Journal& journal_;
  const std::function<bool()> follows_;
};

// How long a stop waits for the other node to be active in its place, and how often it looks.
constexpr Duration kHandOver = std::chrono::seconds(5);
constexpr Duration kHandOverLook = std::chrono::milliseconds(20);
// How long a stop waits for deliveries under way; what is not over by then is delivered again.
constexpr Duration kLastDeliveries = std::chrono::seconds(5);

outbox::Patience patience_of(const Artifact* artifact) {
  outbox::Patience patience;
  if (artifact == nullptr) return patience;
  std::visit(
      [&](const auto& of_kind) {
        if constexpr (requires { of_kind.ordered; }) patience.ordered = of_kind.ordered.value_or(false);
        if constexpr (requires { of_kind.retry_limit; }) {
          patience.retry_interval = of_kind.retry_interval;
          patience.retry_limit = of_kind.retry_limit;
        }
      },
      *artifact);
  return patience;
}

// Where it is not known nothing is refused for it.
std::int64_t disk_free(const std::filesystem::path& state) {
  const auto free = health::read_vitals(state).disk_free;
  return free == 0 ? std::numeric_limits<std::int64_t>::max() : free;
}

// The uplink as the desk sees it; there is none until both are built.
class UplinkAnswers final : public orders::Answers {
 public:
  void attach(uplink::Uplink& uplink) { uplink_ = &uplink; }
  void accepted(const Accepted& accepted, std::uint64_t correlation) override {
    uplink_->send(accepted, correlation);
  }
  void report(const Report& report, std::uint64_t correlation) override {
    uplink_->send(report, correlation);
  }
  void fetch(const Fetch& fetch) override { uplink_->send(fetch); }

 private:
  uplink::Uplink* uplink_ = nullptr;
};

// Whether the node may act, for who asks on another thread and perhaps later than the node lives.
std::function<bool()> asking(const pair::Pair& pair, const Clock& clock) {
  return [permit = pair.may_act(), &clock] { return permit->holds(clock.now()); };
}

Event connection_event(const ConnectionHealth& health) {
  Event event;
  event.category = Category::kConnection;
  event.severity = health.connected ? Severity::kInfo : Severity::kWarning;
  event.source = "connections/" + health.name;
  event.message = health.connected ? "connected" : "not connected: " + health.error;
  return event;
}

Event damage_event(const std::string& what) {
  Event event;
  event.category = Category::kSystem;
  event.severity = Severity::kError;
  event.source = "store";
  event.message = what;
  return event;
}

Event unreadable_event(const std::string& key) {
  Event event;
  event.category = Category::kSystem;
  event.severity = Severity::kError;
  event.source = "store/" + key;
  event.message =
      "the stored artifact does not open under this node's secrets.key, or is damaged; it is not "
      "held until artifacts are deployed again";
  return event;
}

// What belongs to no instance goes where one node decides alone; its peer may have configurations that this
// one lacks for a moment.
Result<> take_former_states(const Agent::Ground& ground, journal::Journal& journal) {
  auto former = store::read_former_states(ground.configurations);
  if (!former) return fail(std::move(former.error()));
  if (auto carried = journal.carry_over(*former); !carried) return carried;
  if (!former->empty()) {
    if (auto gone = store::delete_former_states(ground.configurations); !gone) return gone;
  }
  if (ground.peer) return {};
  const auto instances = store::read_instances(ground.configurations);
  return instances ? journal.forget_but(*instances) : fail(instances.error());
}

}  // namespace

struct Agent::Rooms {
  Rooms(const Ground& ground, const Settings& settings, std::unique_ptr<store::ConfigurationStore> opened,
        std::unique_ptr<store::ArtifactStore> shared, std::unique_ptr<journal::Journal> kept,
        lease::Vote vote)
      : loop(ground.loop),
        set_aside(ground.set_aside),
        store(std::move(opened)),
        artifacts(std::move(shared)),
        journal(std::move(kept)),
        keeper(ground.loop, *journal,
               [this, paired = ground.peer.has_value()] { return paired && pair.role() != Role::kActive; }),
        events(ground.events, ground.loop, settings.node, settings.retention),
        votes(ground.votes, ground.loop, settings.node),
        peer_link(link_to_peer(ground)),
        duties(ground.loop, logger(), *journal),
        pair({ground.loop, votes, duties, peer_link.get(),
              [this](const pair::CentralMessage& message) { send_up(message); }},
             pair_settings(settings), std::move(vote), journal->position()),
        replica(replica_of(ground, settings)),
        courier(ground.courier([this](const std::string& key) { return artifact(key); })),
        outbox({ground.loop, *journal, *courier,
                [this](const std::string& target) { return patience_of(artifact(target).get()); },
                [permit = pair.may_deliver(), &clock = ground.loop.clock()] {
                  return permit->holds(clock.now());
                },
                logger(), [state = settings.state] { return disk_free(state); }},
               settings.outbox),
        outside({ground.loop, *courier, outbox, [this](const std::string& key) { return artifact(key); },
                 asking(pair, ground.loop.clock())}),
        connections(
            ground.loop, Random(seed(ground)),
            [this](const ConnectionHealth& health) { events.append(connection_event(health)); },
            asking(pair, ground.loop.clock())),
        runtime({ground.loop, ground.strands, ground.compiler, connections, keeper, outside, logger()}),
        desk({ground.loop, *store, *artifacts, runtime, answers, logger(), settings.site,
              asking(pair, ground.loop.clock())}),
        outbox_desk(outbox, *journal, [this] { return pair.phase() == NodePhase::kActive; }),
        station({ground.loop, *store, *artifacts, events, connections, runtime, desk, pair, duties,
                 outbox_desk, replica.get()},
                settings.site, settings.node, settings.pair.peer, settings.state),
        uplink(ground.loop, ground.dealer, station, Random(seed(ground))) {
    answers.attach(uplink);
    duties.attach({[this](auto prepare, auto tried) { desk.serve(std::move(prepare), std::move(tried)); },
                   [this](auto ended) { desk.stand_by(std::move(ended)); }},
                  outbox, replica.get());
    if (replica) replica->on_level([this](const std::string& of) { duties.peer_is_level(of); });
  }

  static std::unique_ptr<pair::PeerLink> link_to_peer(const Ground& ground) {
    if (!ground.peer) return nullptr;
    const auto& line = *ground.peer;
    return std::make_unique<pair::PeerLink>(ground.loop, line.dealer, line.router, line.key,
                                            Random(seed(ground)));
  }
  std::unique_ptr<replica::Replica> replica_of(const Ground& ground, const Settings& settings) {
    if (!ground.peer) return nullptr;
    auto made = std::make_unique<replica::Replica>(
        replica::Replica::Surroundings{ground.loop, *journal, ground.peer->publisher, ground.peer->subscriber,
                                       [this](net::Frames frames) { peer_link->send(std::move(frames)); },
                                       [this] { return pair.peer(); },
                                       [this](const JournalPosition& position) { pair.reach(position); }},
        settings.resync_rate, Random(seed(ground)));
    peer_link->on_journals(
        [replica = made.get()](const wire::Envelope& envelope) { replica->hear(envelope); });
    return made;
  }
  void send_up(const pair::CentralMessage& message) {
    std::visit([this](const auto& body) { uplink.send(body); }, message);
  }
  // Who has nobody to ask tells the coordinator of itself once it is what it will be.
  void take_role(bool asks) {
    uplink.on_vote([this](const uplink::Uplink::Vote& vote) { pair.hear(vote); });
    if (asks) {
      uplink.start();
    } else {
      duties.on_settled([this] {
        if (!std::exchange(dialed, true)) uplink.start();
      });
    }
    if (replica != nullptr) replica->start();
    pair.start();
  }

  void journal_damaged(const Error& error) {
    spdlog::critical("the journal: {}", error.describe());
    events.append(damage_event(
        fmt::format("journal.db is damaged ({}); it is set aside at the next start", error.message)));
    damaged = true;
    if (replica != nullptr && broken) broken();
  }

  std::function<void(Event)> logger() {
    return [this](Event event) { events.append(std::move(event)); };
  }

  [[nodiscard]] std::shared_ptr<const Artifact> artifact(const std::string& key) const {
    const auto found = artifacts->held().find(key);
    return found == artifacts->held().end() ? nullptr : found->second.artifact;
  }

  static std::uint64_t seed(const Ground& ground) {
    auto random = ground.random;
    return random.below(std::numeric_limits<std::uint64_t>::max());
  }

  Executor& loop;
  const std::vector<std::string> set_aside;
  std::unique_ptr<store::ConfigurationStore> store;
  std::unique_ptr<store::ArtifactStore> artifacts;
  std::unique_ptr<journal::Journal> journal;
  JournalKeeper keeper;
  events::EventLog events;
  lease::SqlVotes votes;
  std::unique_ptr<pair::PeerLink> peer_link;  // none where the site has one node
  NodeDuties duties;
  pair::Pair pair;
  std::unique_ptr<replica::Replica> replica;  // as peer_link
  std::unique_ptr<targets::Courier> courier;
  outbox::Outbox outbox;
  Outside outside;
  connections::Connections connections;
  runtime::Runtime runtime;
  UplinkAnswers answers;
  orders::Desk desk;
  OutboxDesk outbox_desk;
  Station station;
  uplink::Uplink uplink;
  bool dialed = false;
  std::function<void()> broken;
  bool damaged = false;  // the journal: what the other node lacks can't be read any more
};

Result<std::unique_ptr<Agent>> Agent::build(const Ground& ground, const Settings& settings) {
  auto opened = store::ConfigurationStore::open(ground.configurations, ground.loop);
  if (!opened) return fail(std::move(opened.error()));
  auto artifacts = store::ArtifactStore::open(ground.configurations, **opened, ground.secrets);
  if (!artifacts) return fail(std::move(artifacts.error()));
  auto random = ground.random;
  auto kept =
      journal::Journal::open(ground.journal, ground.loop, {settings.site, settings.node}, random.id());
  if (!kept) return fail(std::move(kept.error()));
  if (auto moved = take_former_states(ground, **kept); !moved) return fail(moved.error());
  auto votes = lease::SqlVotes::all(ground.votes);
  if (!votes) return fail(std::move(votes.error()));
  auto rooms = std::make_unique<Rooms>(ground, settings, std::move(*opened), std::move(*artifacts),
                                       std::move(*kept), std::move((*votes)[settings.node]));
  const bool paired = settings.role == pair::Control::kAutomatic && ground.peer.has_value();
  return std::unique_ptr<Agent>(new Agent(std::move(rooms), paired, settings.role));
}

Agent::Agent(std::unique_ptr<Rooms> rooms, bool paired, pair::Control control)
    : rooms_(std::move(rooms)), paired_(paired), asks_(paired || control == pair::Control::kFixedStandby) {}
Agent::~Agent() = default;

void Agent::start() {
  rooms_->events.start();
  for (const auto& what : rooms_->set_aside) rooms_->events.append(damage_event(what));
  for (const auto& key : rooms_->artifacts->unreadable()) rooms_->events.append(unreadable_event(key));
  rooms_->journal->on_damage([this](const Error& error) { rooms_->journal_damaged(error); });
  rooms_->journal->start();
  rooms_->desk.start([this] { rooms_->take_role(asks_); });
}

void Agent::on_broken(std::function<void()> listener) {
  rooms_->broken = std::move(listener);
}

void Agent::stop(std::function<void()> done) {
  auto end = [this, done = std::move(done)] {
    // The other node need not wait until the lease is over; a terminated one takes no part as it is.
    if (paired_) static_cast<void>(rooms_->pair.command(pair::Command::kStop));
    rooms_->runtime.stop([this, done] { rooms_->duties.end_deliveries(kLastDeliveries, done); });
  };
  auto& pair = rooms_->pair;
  const bool hands_over =
      paired_ && !rooms_->damaged &&
      (pair.phase() == NodePhase::kDraining || pair.command(pair::Command::kSwitch).has_value());
  if (!hands_over) return end();
  when_replaced(rooms_->loop.clock().now() + kHandOver, std::move(end));
}

void Agent::when_replaced(Instant limit, std::function<void()> then) {
  const auto& pair = rooms_->pair;
  const auto peer = pair.peer();
  const bool failed =
      rooms_->damaged || pair.phase() == NodePhase::kActive || !peer || peer == NodePhase::kMaintenance;
  if (failed || peer == NodePhase::kActive || rooms_->loop.clock().now() >= limit) return then();
  rooms_->loop.after(kHandOverLook, [this, limit, then = std::move(then)] { when_replaced(limit, then); });
}

bool Agent::connected() const {
  return rooms_->uplink.open();
}

Role Agent::role() const {
  return rooms_->pair.role();
}

bool Agent::may_act() const {
  return asking(rooms_->pair, rooms_->loop.clock())();
}

ArtifactInventory Agent::artifacts() const {
  return rooms_->artifacts->inventory();
}

Inventory Agent::inventory() const {
  return rooms_->store->inventory();
}

}  // namespace fieldline::agent
