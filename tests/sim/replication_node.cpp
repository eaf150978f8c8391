#include "tests/sim/replication_node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/journal/kept_rows.hpp"
#include "agent/journal/record_rows.hpp"
#include "agent/journal/schema.hpp"
#include "agent/journal/settled_rows.hpp"
#include "agent/node_duties.hpp"
#include "agent/outbox/outbox.hpp"
#include "agent/pair/peer_link.hpp"
#include "agent/targets/courier.hpp"
#include "common/base/check.hpp"
#include "common/lease/votes.hpp"
#include "common/net/admission.hpp"
#include "common/sql/inline_database.hpp"
#include "tests/sim/drifting_executor.hpp"

namespace fieldline::sim {
namespace {

constexpr auto kTarget = "external-systems/erp";

std::string key_of(const std::string& node) {
  return "key-of-" + node;
}

// Takes most of what it gets, at times later or never; who is told of that may be gone by then.
class MoodyCourier final : public targets::Courier {
 public:
  MoodyCourier(ReplicationWorld& world, ReplicationNode& node, Executor& loop)
      : world_(world), node_(node), loop_(loop) {}

  void deliver(const Message& message, Done<targets::Outcome> done) override {
    world_.delivers(message.id, node_);
    const auto wait = [this] { return Duration(static_cast<std::int64_t>(world_.random.below(40'000))); };
    loop_.after(wait(), [this, id = message.id, refused = message.script == "Refused", wait, done] {
      if (refused) return done(targets::Refused{"422"});
      if (world_.random.below(10) == 0) return done(targets::Postponed{"503"});
      world_.delivered(id);
      loop_.after(wait(), [done] { done(targets::Delivered{"201"}); });
    });
  }
  void call(const std::string&, HttpRequest, Done<Result<targets::HttpAnswer>>) override {}
  void query(const std::string&, targets::DatabaseQuery, Done<Result<Json>>) override {}

 private:
  ReplicationWorld& world_;
  ReplicationNode& node_;
  Executor& loop_;
};

template <class T>
T opened(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().describe());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace

struct ReplicationNode::Run {
  explicit Run(ReplicationNode& owner)
      : node(owner),
        world(owner.world_),
        loop(world.time.executor(), 0.95 + 0.1 * world.random.fraction()),
        database(opened(sql::open_inline(
            {world.disk.connection(node.name_), "journal", journal::migrations()}, world.time.executor(),
            Duration(static_cast<std::int64_t>(world.random.below(20'000)))))),
        journal(opened(journal::Journal::open(*database, loop, {"north", node.name_},
                                              fmt::format("{}{}", node.name_, node.life_)))),
        admission(loop.clock()),
        router(world.network.router(loop, node.name_, key_of(node.name_), admission)),
        dealer(world.network.dealer(loop, node.name_, key_of(node.name_), node.peer_, key_of(node.peer_))),
        publisher(world.network.publisher(loop, node.name_, key_of(node.name_), admission)),
        subscriber(
            world.network.subscriber(loop, node.name_, key_of(node.name_), node.peer_, key_of(node.peer_))),
        link(loop, *dealer, *router, key_of(node.peer_), Random(world.random.below(1U << 30))),
        votes(loop, node.vote_),
        duties(
            loop, [](const Event&) {}, *journal),
        pair({loop, votes, duties, &link,
              [this](const pair::CentralMessage& message) { world.to_central(node, message); }},
             settings(node), node.vote_, journal->position()),
        replica({loop, *journal, *publisher, *subscriber,
                 [this](net::Frames frames) { link.send(std::move(frames)); }, [this] { return pair.peer(); },
                 [this](const JournalPosition& position) { pair.reach(position); }},
                std::int64_t{1} << 20, Random(world.random.below(1U << 30))),
        courier(world, node, loop),
        outbox({loop, *journal, courier,
                [](const std::string&) {
                  return outbox::Patience{std::chrono::milliseconds(200), 1000};
                },
                [this] { return pair.may_deliver()->holds(loop.clock().now()); }, [](const Event&) {},
                [] { return std::int64_t{1} << 40; }},
               {}) {
    // Else the write-ahead log grows until it is in no cache.
    opened(database->write_now([](soci::session& sql) -> Result<> {
      int pages = 0;
      sql << "PRAGMA wal_autocheckpoint=24", soci::into(pages);
      return {};
    }));
    admission.allow(key_of(node.peer_));
    duties.attach({[this](const auto& prepare, const auto& tried) {
                     prepare([this, tried] {
                       serves = pair.role() == Role::kActive;
                       if (serves) world.begins(node);
                       tried();
                     });
                   },
                   [this](const auto& ended) {
                     serves = false;
                     save(ended);  // behind those that are under way
                   }},
                  outbox, &replica);
    loop.post([this] {
      link.on_journals([this](const wire::Envelope& envelope) { replica.hear(envelope); });
      replica.start();
      pair.start();
    });
  }

  static pair::Settings settings(const ReplicationNode& node) {
    pair::Settings settings;
    settings.node = node.name_;
    settings.peer = node.peer_;
    settings.preferred = node.name_ == "a";
    settings.drain_limit = std::chrono::seconds(5);
    return settings;
  }

  // One state of an instance, or that there is none any more.
  void save(const std::function<void()>& done) {
    auto& dice = world.state_dice;
    const auto number = world.states.next();
    const std::string instance = dice.below(2) == 0 ? "Pump" : "Valve";
    if (dice.below(10) == 0) {
      world.states.forgets(instance, number);
      return journal->forget(instance, [this, instance, number, done](const Result<>& forgotten) {
        if (forgotten) world.states.forgot(node.name_, instance, number);
        done();
      });
    }
    const std::string name = dice.below(2) == 0 ? "level" : "alarm";
    const auto bytes = fmt::format("{} {}", number, std::string(dice.below(200), 's'));
    journal->keep(instance, {{name, bytes}}, [this, instance, name, number, done](const Result<>& kept) {
      if (kept) world.states.saved(node.name_, {instance, name}, number);
      done();
    });
  }

  ReplicationNode& node;
  ReplicationWorld& world;
  DriftingExecutor loop;
  std::unique_ptr<sql::Database> database;
  std::unique_ptr<journal::Journal> journal;
  net::Admission admission;
  std::unique_ptr<net::Router> router;
  std::unique_ptr<net::Dealer> dealer;
  std::unique_ptr<net::Publisher> publisher;
  std::unique_ptr<net::Subscriber> subscriber;
  pair::PeerLink link;
  lease::MemoryVotes votes;
  agent::NodeDuties duties;
  pair::Pair pair;
  replica::Replica replica;
  MoodyCourier courier;
  outbox::Outbox outbox;
  bool serves = false;
};

ReplicationNode::ReplicationNode(ReplicationWorld& world, std::string name, std::string peer)
    : world_(world), name_(std::move(name)), peer_(std::move(peer)) {}

ReplicationNode::~ReplicationNode() = default;

void ReplicationNode::start() {
  ++life_;
  run_ = std::make_unique<Run>(*this);
}

void ReplicationNode::crash() {
  run_.reset();
}

bool ReplicationNode::may_act() const {
  return up() && run_->pair.may_act()->holds(run_->loop.clock().now());
}

bool ReplicationNode::runs() const {
  return up() && run_->serves && may_act();
}

void ReplicationNode::send() {
  if (!runs()) return;
  run_->loop.post([run = run_.get(), this] {
    if (!run->serves) return;
    Message message;
    message.content =
        HttpRequest{std::string(world_.random.below(2000), 'x'), "text/plain", {}, "POST", "/in"};
    message.instance = "Pump";
    message.script = world_.random.below(20) == 0 ? "Refused" : "Report";
    message.target = kTarget;
    run->outbox.accept(std::move(message), [this](const Result<MessageId>& id) {
      if (id) world_.accepted(*id, *this);
    });
    if (world_.state_dice.below(8) == 0) run->save([] {});
  });
}

void ReplicationNode::hear(const lease::Answer& answer) {
  run_->loop.post([run = run_.get(), answer] { run->pair.hear(answer); });
}

void ReplicationNode::switch_over() {
  if (!up()) return;
  run_->loop.post([run = run_.get()] {
    if (run->pair.command(pair::Command::kSwitch)) ++run->world.switches;
  });
}

bool ReplicationNode::is_settled() const {
  if (!up()) return false;
  const auto health = run_->replica.health();
  if (run_->pair.phase() == NodePhase::kActive)
    return health.state == ReplicationState::kFed && health.lag_rows == 0 && run_->serves;
  return run_->pair.phase() == NodePhase::kStandby && health.state == ReplicationState::kFollowing;
}

bool ReplicationNode::follows(const ReplicationNode& other) const {
  return is_settled() && other.up() && run_->journal->followed().journal == other.run_->journal->journal();
}

bool ReplicationNode::is_level_with(const ReplicationNode& other) const {
  return run_->journal->position() == other.run_->journal->position();
}

std::string ReplicationNode::describe() const {
  if (!up()) return name_ + " is down";
  const auto health = run_->replica.health();
  const auto position = run_->journal->position();
  return fmt::format("{}: {}, {}, lag {}, at {}.{}, {} wait", name_, fieldline::name(run_->pair.phase()),
                     fieldline::name(health.state), health.lag_rows.value_or(-1), position.epoch,
                     position.sequence, waiting().size());
}

namespace {

template <class Of>
std::vector<MessageId> read_ids(sql::Database& database, Of of) {
  return opened(
      database.read_now([&](soci::session& sql) -> Result<std::vector<MessageId>> { return of(sql); }));
}

std::vector<MessageId> ids_where(soci::session& sql, std::string_view condition) {
  std::vector<MessageId> ids;
  const auto nodes = journal::select_nodes(sql);
  journal::Statement rows(sql, journal::row_query(condition).c_str());
  while (rows.step()) ids.push_back(journal::id_of(journal::row_at(rows), nodes));
  return ids;
}

}  // namespace

std::vector<MessageId> ReplicationNode::waiting() const {
  return read_ids(*run_->database, [](soci::session& sql) { return ids_where(sql, "shelf > 0"); });
}

std::vector<MessageId> ReplicationNode::parked() const {
  return read_ids(*run_->database, [](soci::session& sql) { return ids_where(sql, "shelf < 0"); });
}

std::vector<MessageId> ReplicationNode::of_endings(const std::vector<MessageId>& ids) const {
  return read_ids(*run_->database, [&](soci::session& sql) {
    std::vector<MessageId> ended;
    std::copy_if(ids.begin(), ids.end(), std::back_inserter(ended),
                 [&](const MessageId& id) { return journal::ending_of(sql, id).has_value(); });
    return ended;
  });
}

SavedStates::Found ReplicationNode::states() const {
  return opened(run_->database->read_now([](soci::session& sql) -> Result<SavedStates::Found> {
    SavedStates::Found found;
    for (const auto& instance : journal::select_kept_instances(sql)) {
      for (const auto& [name, bytes] : journal::select_kept(sql, instance).states)
        found[{instance, name}] = std::stoull(bytes);
    }
    return found;
  }));
}

}  // namespace fieldline::sim
