#include "agent/agent.hpp"

#include "agent/connections/connections.hpp"
#include "agent/events/event_log.hpp"
#include "agent/health/vitals.hpp"
#include "agent/journal/journal.hpp"
#include "agent/orders/desk.hpp"
#include "agent/outbox/outbox.hpp"
#include "agent/runtime/runtime.hpp"
#include "agent/station.hpp"
#include "agent/store/artifact_store.hpp"
#include "agent/store/configuration_store.hpp"
#include "agent/store/kept_states.hpp"
#include "agent/targets/http.hpp"
#include "agent/uplink/uplink.hpp"

namespace fieldline::agent {
namespace {

// The store's shelf for what the runtime keeps.
class StoreKeeper final : public runtime::Keeper {
 public:
  explicit StoreKeeper(store::KeptStates& states) : states_(states) {}
  void load(const std::string& instance, Loaded reply) override { states_.load(instance, std::move(reply)); }
  void save(const std::string& instance, runtime::Kept changed, Saved reply) override {
    states_.save(instance, std::move(changed), std::move(reply));
  }
  void forget(const std::string& instance, Saved reply) override {
    states_.forget(instance, std::move(reply));
  }

 private:
  store::KeptStates& states_;
};

// How long a stop waits for deliveries under way; what is not over by then is delivered again.
constexpr Duration kLastDeliveries = std::chrono::seconds(5);

// The courier and the outbox as scripts see them.
class CourierOutside final : public runtime::Outside {
 public:
  CourierOutside(targets::Courier& courier, outbox::Outbox& outbox, targets::Resolve resolve)
      : courier_(courier), outbox_(outbox), resolve_(std::move(resolve)) {}
  void ask(runtime::Asked asked, runtime::Answered answered) override {
    const auto target = parse_artifact_key(asked.target);
    if (!target) {
      answered(fail(ErrorCode::kInvalid, "that is not the name of an artifact"));
    } else if (asked.wish == runtime::Wish::kDelivery) {
      send(std::move(asked), answered);
    } else if (auto* request = std::get_if<HttpRequest>(&asked.content)) {
      courier_.call(target->name, std::move(*request), [answered](Result<targets::HttpAnswer> answer) {
        answered(answer ? Result<Json>(targets::json_of(std::move(*answer)))
                        : fail(std::move(answer.error())));
      });
    } else {
      courier_.query(target->name, std::get<DatabaseWrite>(std::move(asked.content)), std::move(answered));
    }
  }

 private:
  // What no artifact stands for could wait for ever.
  void send(runtime::Asked asked, const runtime::Answered& answered) {
    if (resolve_(asked.target) == nullptr)
      return answered(fail(ErrorCode::kNotFound, "this node does not hold " + asked.target));
    Message message;
    message.content = std::move(asked.content);
    message.instance = std::move(asked.instance);
    message.script = std::move(asked.script);
    message.target = std::move(asked.target);
    outbox_.accept(std::move(message), [answered](const Result<MessageId>& id) {
      answered(id ? Result<Json>(id->text()) : fail(id.error()));
    });
  }

  targets::Courier& courier_;
  outbox::Outbox& outbox_;
  const targets::Resolve resolve_;
};

outbox::Patience patience_of(const Artifact* artifact) {
  const auto* system = artifact == nullptr ? nullptr : std::get_if<ExternalSystem>(artifact);
  return system == nullptr ? outbox::Patience{}
                           : outbox::Patience{system->retry_interval, system->retry_limit};
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

Event connection_event(const ConnectionHealth& health) {
  Event event;
  event.category = Category::kConnection;
  event.severity = health.connected ? Severity::kInfo : Severity::kWarning;
  event.source = "connections/" + health.name;
  event.message = health.connected ? "connected" : "not connected: " + health.error;
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

}  // namespace

struct Agent::Rooms {
  Rooms(const Ground& ground, const Settings& settings, std::unique_ptr<store::ConfigurationStore> opened,
        std::unique_ptr<store::ArtifactStore> shared, std::unique_ptr<journal::Journal> kept)
      : active(settings.role == Role::kActive),
        store(std::move(opened)),
        artifacts(std::move(shared)),
        journal(std::move(kept)),
        states(ground.configurations, ground.loop),
        keeper(states),
        events(ground.events, ground.loop, settings.node, settings.retention),
        courier(ground.courier([this](const std::string& key) { return artifact(key); })),
        outbox({ground.loop, *journal, *courier,
                [this](const std::string& target) { return patience_of(artifact(target).get()); },
                [this] { return active; }, logger(), [state = settings.state] { return disk_free(state); }},
               settings.outbox),
        outside(*courier, outbox, [this](const std::string& key) { return artifact(key); }),
        connections(ground.loop, Random(seed(ground)),
                    [this](const ConnectionHealth& health) { events.append(connection_event(health)); }),
        runtime({ground.loop, ground.strands, ground.compiler, connections, keeper, outside, logger()}),
        desk({ground.loop, *store, *artifacts, runtime, answers, logger(), settings.role, settings.site}),
        station({ground.loop, *store, *artifacts, events, connections, runtime, desk}, settings.site,
                settings.node, settings.role, settings.state),
        uplink(ground.loop, ground.dealer, station, Random(seed(ground))) {
    answers.attach(uplink);
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

  const bool active;  // as its settings say: it delivers
  std::unique_ptr<store::ConfigurationStore> store;
  std::unique_ptr<store::ArtifactStore> artifacts;
  std::unique_ptr<journal::Journal> journal;
  store::KeptStates states;
  StoreKeeper keeper;
  events::EventLog events;
  std::unique_ptr<targets::Courier> courier;
  outbox::Outbox outbox;
  CourierOutside outside;
  connections::Connections connections;
  runtime::Runtime runtime;
  UplinkAnswers answers;
  orders::Desk desk;
  Station station;
  uplink::Uplink uplink;
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
  return std::unique_ptr<Agent>(new Agent(std::make_unique<Rooms>(ground, settings, std::move(*opened),
                                                                  std::move(*artifacts), std::move(*kept))));
}

Agent::Agent(std::unique_ptr<Rooms> rooms) : rooms_(std::move(rooms)) {}
Agent::~Agent() = default;

void Agent::start() {
  rooms_->events.start();
  for (const auto& key : rooms_->artifacts->unreadable()) rooms_->events.append(unreadable_event(key));
  rooms_->journal->start();
  if (rooms_->active) rooms_->outbox.start();
  rooms_->desk.start([this] { rooms_->uplink.start(); });
}

void Agent::stop(std::function<void()> done) {
  rooms_->runtime.stop([this, done = std::move(done)] { rooms_->outbox.stop(kLastDeliveries, done); });
}

bool Agent::connected() const {
  return rooms_->uplink.open();
}

ArtifactInventory Agent::artifacts() const {
  return rooms_->artifacts->inventory();
}

Inventory Agent::inventory() const {
  return rooms_->store->inventory();
}

}  // namespace fieldline::agent
