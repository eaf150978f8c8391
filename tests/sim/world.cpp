#include "tests/sim/world.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "agent/events/schema.hpp"
#include "agent/journal/schema.hpp"
#include "agent/pair/schema.hpp"
#include "agent/store/schema.hpp"
#include "agent/targets/courier.hpp"
#include "coordinator/database/migrations.hpp"

namespace fieldline::sim {
namespace {

const std::string kCentreKey = "central-key";

// Other systems, none of which can be reached.
class NoTargets final : public targets::Courier {
 public:
  explicit NoTargets(Executor& loop) : loop_(loop) {}
  void deliver(const Message&, Done<targets::Outcome> done) override {
    loop_.post([done] { done(targets::Postponed{kWhy}); });
  }
  void call(const std::string&, HttpRequest, Done<Result<targets::HttpAnswer>> done) override {
    loop_.post([done] { done(fail(ErrorCode::kUnavailable, kWhy)); });
  }
  void query(const std::string&, targets::DatabaseQuery, Done<Result<Json>> done) override {
    loop_.post([done] { done(fail(ErrorCode::kUnavailable, kWhy)); });
  }

 private:
  static constexpr const char* kWhy = "there is nothing outside of this world";

  Executor& loop_;
};

std::string key_of(const std::string& node) {
  return "key-of-" + node;
}

std::unique_ptr<sql::Database> open(World& world, const std::string& file,
                                    std::span<const sql::Migration> migrations) {
  // Between 0 and 20 ms pass from a write to its commit, another span on every start.
  const auto commit_time = Duration(static_cast<std::int64_t>(world.random.below(20'000)));
  auto opened = sql::open_inline({"sqlite:" + (world.folder.path() / file).string(), file, migrations},
                                 world.time.executor(), commit_time);
  REQUIRE(opened);
  return std::move(*opened);
}

}  // namespace

Folder::Folder() {
  auto name = (std::filesystem::temp_directory_path() / "fieldline-sim-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

Folder::~Folder() {
  std::filesystem::remove_all(path_);
}

struct Centre::Running {
  // `box` outlives the run, as its file would.
  Running(World& world, const SecretBox& box)
      : loop(world.time.executor()),
        author(world.time.worker()),
        engine(world.time.worker()),
        clerk(world.time.worker()),
        admission(world.time.clock()),
        database(open(world, "coordinator.db", database::migrations())),
        router(world.network.router(*loop, "central", kCentreKey, admission)) {
    auto built = coordinator::Coordinator::build({*loop, *router, admission, *database, *author, *engine,
                                                  *clerk, box, Random(world.random.below(1U << 30))},
                                                 {});
    REQUIRE(built);
    coordinator = std::move(*built);
  }

  std::unique_ptr<Executor> loop;
  std::unique_ptr<Worker> author;
  std::unique_ptr<Worker> engine;
  std::unique_ptr<Worker> clerk;
  net::Admission admission;
  std::unique_ptr<sql::Database> database;
  std::unique_ptr<net::Router> router;
  std::unique_ptr<coordinator::Coordinator> coordinator;
};

void Centre::start() {
  running_ = std::make_shared<Running>(world_, box_);
}

void Centre::crash() {
  running_.reset();
}

void Centre::on_loop(const std::function<void(coordinator::Coordinator&)>& task) {
  bool done = false;
  running_->loop->post([&] {
    task(*running_->coordinator);
    done = true;
  });
  REQUIRE(world_.run_until([&] { return done; }, Duration(1)));
}

struct Node::Running {
  Running(World& world, const std::string& name, const std::string& peer)
      : loop(world.time.executor()),
        compiler(world.time.worker()),
        configurations(open(world, name + "-configurations.db", store::migrations())),
        events(open(world, name + "-events.db", events::migrations())),
        journal(open(world, name + "-journal.db", journal::migrations())),
        votes(open(world, name + "-votes.db", pair::migrations())),
        strands(world.time),
        dealer(world.network.dealer(*loop, name, key_of(name), "central", kCentreKey)),
        admission(world.time.clock()) {
    agent::Settings settings;
    settings.site = "north";
    settings.node = name;
    settings.state = world.folder.path();
    settings.role = name == "a" ? pair::Control::kFixedActive : pair::Control::kFixedStandby;
    std::optional<agent::Agent::PeerLine> line;
    if (world.roles == World::Roles::kSettled) line.emplace(open_line(world, name, peer, settings));
    const auto courier = [this](const targets::Resolve&) { return std::make_unique<NoTargets>(*loop); };
    auto built = agent::Agent::build(
        {*loop, *dealer, *configurations, *events, *journal, world.secrets, strands, *compiler,
         Random(world.random.below(1U << 30)), courier, *votes, std::move(line)},
        settings);
    REQUIRE(built);
    agent = std::move(*built);
    loop->post([this] { agent->start(); });
  }

  agent::Agent::PeerLine open_line(World& world, const std::string& name, const std::string& peer,
                                   agent::Settings& settings) {
    settings.role = pair::Control::kAutomatic;
    settings.pair.peer = peer;
    settings.pair.preferred = name == "a";
    admission.allow(key_of(peer));
    peer_router = world.network.router(*loop, name, key_of(name), admission);
    peer_dealer = world.network.dealer(*loop, name, key_of(name), peer, key_of(peer));
    publisher = world.network.publisher(*loop, name, key_of(name), admission);
    subscriber = world.network.subscriber(*loop, name, key_of(name), peer, key_of(peer));
    return {*peer_dealer, *peer_router, *publisher, *subscriber, key_of(peer)};
  }

  std::unique_ptr<Executor> loop;
  std::unique_ptr<Worker> compiler;
  std::unique_ptr<sql::Database> configurations;
  std::unique_ptr<sql::Database> events;
  std::unique_ptr<sql::Database> journal;
  std::unique_ptr<sql::Database> votes;
  runtime::VirtualStrands strands;
  std::unique_ptr<net::Dealer> dealer;
  net::Admission admission;  // of the peer
  std::unique_ptr<net::Router> peer_router;
  std::unique_ptr<net::Dealer> peer_dealer;
  std::unique_ptr<net::Publisher> publisher;
  std::unique_ptr<net::Subscriber> subscriber;
  std::unique_ptr<agent::Agent> agent;
};

Node::Node(World& world, std::string name, std::string peer)
    : world_(world), name_(std::move(name)), peer_(std::move(peer)), key_(key_of(name_)) {}

void Node::start() {
  running_ = std::make_shared<Running>(world_, name_, peer_);
}

void Node::crash() {
  running_.reset();
}

agent::Agent& Node::operator*() const {
  return *running_->agent;
}

World::World(std::uint64_t seed, Roles settled) : random(seed), roles(settled), network(Random(seed + 1)) {}

World::~World() {
  a.crash();
  b.crash();
  centre.crash();
}

void World::start() {
  centre.start();
  REQUIRE(apply(tank_site(3) + "---\n" + tank_template(1)));
  for (auto* node : {&a, &b}) {
    node->start();
    const auto knock = [&]() -> std::optional<sites::PendingKey> {
      return centre.ask([&](auto& coordinator) -> std::optional<sites::PendingKey> {
        for (const auto& pending : coordinator.sites().pending()) {
          if (pending.public_key == node->public_key()) return pending;
        }
        return std::nullopt;
      });
    };
    for (int second = 0; second < 120 && !knock(); ++second) run_for(std::chrono::seconds(1));
    REQUIRE(knock());
    bool accepted = false;
    centre.on_loop([&, fingerprint = knock()->fingerprint](auto& coordinator) {
      coordinator.sites().accept(fingerprint, {"north", node->name()}, "engineer",
                                 [&](const Result<>& outcome) { accepted = outcome.has_value(); });
    });
    REQUIRE(run_until([&] { return accepted && (**node).connected(); }, std::chrono::minutes(2)));
  }
}

bool World::two_may_act() {
  return a.up() && b.up() && (*a).may_act() && (*b).may_act();
}

Node* World::active() {
  for (auto* node : {&a, &b}) {
    if (node->up() && (**node).may_act()) return node;
  }
  return nullptr;
}

bool World::apply(const std::string& yaml) {
  std::optional<bool> outcome;
  centre.on_loop([&](auto& coordinator) {
    coordinator.catalog().apply(yaml, templates::TextFormat::kYaml, false, "engineer",
                                [&](const Result<std::vector<catalog::Applied>>& applied) {
                                  if (!applied) UNSCOPED_INFO(applied.error().describe());
                                  outcome = applied.has_value();
                                });
  });
  REQUIRE(run_until([&] { return outcome.has_value(); }, std::chrono::minutes(1)));
  return *outcome;
}

std::optional<deployment::Deployment> World::deploy(const std::string& instance) {
  std::optional<Result<deployment::Deployment>> outcome;
  centre.on_loop([&](auto& coordinator) {
    coordinator.deployments().deploy(
        instance, {"engineer", std::nullopt},
        [&](Result<deployment::Deployment> answer) { outcome = std::move(answer); });
  });
  REQUIRE(run_until([&] { return outcome.has_value(); }, std::chrono::minutes(1)));
  if (!*outcome) return std::nullopt;
  return **outcome;
}

std::optional<deployment::Deployment> World::status(const std::string& instance) {
  return centre.ask([&](auto& coordinator) { return coordinator.deployments().status(instance); });
}

std::optional<deployment::Deployed> World::deployed(const std::string& instance) {
  return centre.ask([&](auto& coordinator) { return coordinator.deployments().deployed(instance); });
}

artifacts::SiteRecord World::artifacts() {
  return centre.ask([](auto& coordinator) { return coordinator.artifacts().record("north"); });
}

ArtifactInventory World::wanted_artifacts() {
  return centre.ask([](auto& coordinator) { return coordinator.artifacts().wanted(); });
}

std::string artifact_documents(double setpoint) {
  return fmt::format(R"(kind: SharedScript
name: filters
spec: {{source: "return {{setpoint = {0}}}"}}
---
kind: ExternalSystem
name: erp
spec: {{base_url: "http://erp", auth: {{kind: bearer, token: "secret of {0}"}}}}
)",
                     setpoint);
}

std::string tank_template(double setpoint) {
  return fmt::format(R"(kind: Template
name: Tank
spec:
  attributes:
    Level: {{type: float, unit: m, address: "sine:period=20s:min=0:max=5"}}
    Setpoint: {{type: float, value: {}}}
    Open: {{type: bool, value: false, writable: true}}
  alarms:
    High: {{attribute: Level, kind: limits, hi: {{value: 4.5, deadband: 0.2}}}}
  scripts:
    Control:
      source: |
        local level = attributes.get("Level")
        attributes.set("Open", level ~= nil and level > attributes.get("Setpoint"))
      trigger: {{kind: interval, interval: 1s}}
)",
                     setpoint);
}

std::string tank_site(int count) {
  std::string yaml =
      "kind: Site\nname: north\nspec: {nodes: [a, b]}\n---\n"
      "kind: Connection\nname: north/field\nspec: {protocol: simulator}\n";
  for (int i = 1; i <= count; ++i) {
    yaml += fmt::format(
        "---\nkind: Instance\nname: Tank{}\nspec: {{site: north, template: Tank, bindings: {{Level: "
        "{{connection: field}}}}}}\n",
        i);
  }
  return yaml;
}

}  // namespace fieldline::sim
