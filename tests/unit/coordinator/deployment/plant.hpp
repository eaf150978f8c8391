// A coordinator from the documents down to the wire, and the nodes of its sites, in virtual time. The
// coordinator can be killed and started again on the same disk.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/virtual_time.hpp"
#include "common/net/admission.hpp"
#include "common/net/lossy_network.hpp"
#include "common/sql/inline_database.hpp"
#include "coordinator/catalog/catalog.hpp"
#include "coordinator/database/migrations.hpp"
#include "coordinator/database/node_keys.hpp"
#include "coordinator/database/site_votes.hpp"
#include "coordinator/database/term.hpp"
#include "coordinator/deployment/deployments.hpp"
#include "coordinator/sites/sites.hpp"
#include "tests/unit/common/sql/scratch_folder.hpp"
#include "tests/unit/coordinator/sites/scripted_node.hpp"

namespace fieldline::deployment {

using namespace std::chrono_literals;
using sites::NodeId;
using sites::ScriptedNode;

inline const NodeId kA{"north", "a"};
inline const NodeId kB{"north", "b"};

// One run of the coordinator.
struct Central {
  Central(VirtualTime& time, net::LossyNetwork& network, const std::string& connection)
      : loop(time.executor()), worker(time.worker()), admission(time.clock()) {
    auto opened = sql::open_inline({connection, "test", database::migrations()}, time.executor(), 1ms);
    REQUIRE(opened);
    database = std::move(*opened);
    const auto term = database::raise_term(*database);
    REQUIRE(term);
    router = network.router(*loop, "central", sites::key_of("central"), admission);
    documents.emplace(*database);
    keys.emplace(*database);
    votes.emplace(*database, *term);
    records.emplace(*database);
    events.emplace(*database);
    catalog.emplace(catalog::Catalog::Neighbours{*loop, *worker, *documents, box});
    sites.emplace(*loop, *router, admission, *keys, *votes, *term, sites::SiteSettings{});
    artifact_rows.emplace(*database);
    artifacts.emplace(artifacts::Artifacts::Neighbours{*loop, *worker, *catalog, *sites, *artifact_rows, box},
                      *term, Random(*term + 1), DeploymentSettings{}.deadline);
    deployments.emplace(
        Deployments::Neighbours{*loop, *worker, *catalog, *sites, *artifacts, *records, *events}, *term,
        Random(*term), DeploymentSettings{});
    REQUIRE(catalog->start());
    REQUIRE(artifacts->start());
    REQUIRE(deployments->start());
    REQUIRE(sites->start(deployments->inventory_keeper(), artifacts->keeper()));
    loop->post([this] { sites->define({kA, kB, {"south", "a"}}); });
    deployments->on_change([this](const Change& change) { changes.push_back(change); });
  }

  // Outlives the run, as its file would.
  inline static const SecretBox box = SecretBox::generate();

  std::unique_ptr<Executor> loop;
  std::unique_ptr<Worker> worker;
  net::Admission admission;
  std::unique_ptr<sql::Database> database;
  std::unique_ptr<net::Router> router;
  std::optional<database::DocumentRecords> documents;
  std::optional<database::NodeKeys> keys;
  std::optional<database::SiteVotes> votes;
  std::optional<database::DeploymentRecords> records;
  std::optional<database::CentralEvents> events;
  std::optional<catalog::Catalog> catalog;
  std::optional<sites::Sites> sites;
  std::optional<database::ArtifactDeployments> artifact_rows;
  std::optional<artifacts::Artifacts> artifacts;
  std::optional<Deployments> deployments;
  std::vector<Change> changes;
};

// The outcome of a call, once it is there.
template <class T>
class Reply {
 public:
  Answer<T> done() {
    return [held = held_](Result<T> result) { *held = std::move(result); };
  }
  [[nodiscard]] bool there() const { return held_->has_value(); }
  [[nodiscard]] const Result<T>& operator*() const { return **held_; }
  [[nodiscard]] const Result<T>* operator->() const { return &**held_; }

 private:
  std::shared_ptr<std::optional<Result<T>>> held_ = std::make_shared<std::optional<Result<T>>>();
};

class Plant {
 public:
  Plant() : Plant(std::string()) {}
  // The coordinator's database; empty: a file in the folder.
  explicit Plant(const std::string& address)
      : connection(address.empty() ? folder.connection("c.db") : address) {
    start();
    apply(
        "kind: Site\nname: north\nspec: {nodes: [a, b]}\n---\nkind: Site\nname: south\nspec: {nodes: [a]}\n");
    set_level("pump", 1);
  }

  void start() {
    central.emplace(time, network, connection);
    time.run_for(20ms);
  }
  // As kill -9 does: what was not committed is lost.
  void kill() { central.reset(); }

  void apply(const std::string& text) {
    Reply<std::vector<catalog::Applied>> applied;
    on_loop(
        [&] { central->catalog->apply(text, templates::TextFormat::kYaml, false, "ann", applied.done()); });
    REQUIRE(time.run_until([&] { return applied.there(); }, 1s));
    if (!*applied) FAIL(applied->error().describe());
  }
  // An instance with one attribute; each level is another revision.
  void set_level(const std::string& instance, int level, const std::string& site = "north") {
    apply("kind: Template\nname: T" + instance + "\nspec: {attributes: {Level: {type: int, value: " +
          std::to_string(level) + "}}}\n---\nkind: Instance\nname: " + instance + "\nspec: {site: " + site +
          ", template: T" + instance + "}\n");
  }
  [[nodiscard]] templates::Derived derived(const std::string& instance) const {
    auto made = templates::flatten(*central->catalog->library(), instance);
    REQUIRE(made);
    return std::move(*made);
  }

  void on_loop(Task task) {
    central->loop->post(std::move(task));
    time.run_for(20ms);
  }

  // A node whose key is accepted, and which is connected when this returns.
  std::unique_ptr<ScriptedNode> node(const NodeId& id, Role role) {
    auto made = std::make_unique<ScriptedNode>(time, network, id, role, id.text(), sites::key_of(id.text()));
    made->connect();
    REQUIRE(time.run_until([&] { return !central->sites->pending().empty(); }, 1s));
    Reply<void> accepted;
    on_loop([&] {
      central->sites->accept(central->sites->pending().front().fingerprint, id, "ann", accepted.done());
    });
    REQUIRE(time.run_until([&] { return accepted.there(); }, 1s));
    REQUIRE(*accepted);
    connect(*made);
    return made;
  }
  void connect(ScriptedNode& node) {
    const auto before = node.welcomes.size();
    node.connect();
    REQUIRE(time.run_until([&] { return node.welcomes.size() > before; }, 1s));
    time.run_for(100ms);
  }

  using Verb = void (Deployments::*)(const std::string&, Request, Answer<Deployment>);
  // The immediate answer.
  Result<Deployment> ask(Verb verb, const std::string& instance = "pump", Request request = {"ann", {}}) {
    Reply<Deployment> reply;
    central->loop->post([&] { ((*central->deployments).*verb)(instance, request, reply.done()); });
    REQUIRE(time.run_until([&] { return reply.there(); }, 5s));
    time.run_for(20ms);  // the order reaches its node
    return *reply;
  }
  // The end of it.
  Deployment finish(Verb verb, const std::string& instance = "pump") {
    auto under_way = ask(verb, instance);
    if (!under_way) FAIL(under_way.error().describe());
    return wait(under_way->id);
  }
  Deployment wait(const std::string& id, Duration up_to = 300s) {
    Reply<Deployment> reply;
    central->loop->post([&] { central->deployments->wait(id, up_to, reply.done()); });
    REQUIRE(time.run_until([&] { return reply.there(); }, up_to + 1s));
    REQUIRE(*reply);
    return **reply;
  }
  Deployment deploy(const std::string& instance = "pump") { return finish(&Deployments::deploy, instance); }

  [[nodiscard]] std::optional<Deployment> status(const std::string& instance = "pump") const {
    return central->deployments->status(instance);
  }
  [[nodiscard]] std::optional<Deployed> deployed(const std::string& instance = "pump") const {
    return central->deployments->deployed(instance);
  }

  // What central tells of a site, newest first.
  std::vector<Event> events(const std::string& site) {
    Reply<EventPage> page;
    on_loop([&] { central->deployments->events(site, {}, page.done()); });
    REQUIRE(page.there());
    REQUIRE(*page);
    return page->value().events;
  }

  VirtualTime time;
  net::LossyNetwork network{Random(1)};
  sql::ScratchFolder folder;
  const std::string connection;
  std::optional<Central> central;
};

}  // namespace fieldline::deployment
