// Central's Communication Layer and the network to its nodes, in virtual time.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "common/base/virtual_time.hpp"
#include "common/net/admission.hpp"
#include "common/net/lossy_network.hpp"
#include "common/sql/inline_database.hpp"
#include "coordinator/database/migrations.hpp"
#include "coordinator/database/node_keys.hpp"
#include "coordinator/database/site_votes.hpp"
#include "coordinator/sites/booths.hpp"
#include "coordinator/sites/sites.hpp"
#include "tests/unit/coordinator/sites/scripted_node.hpp"

namespace fieldline::sites {

using namespace std::chrono_literals;

inline const NodeId kA{"north", "a"};
inline const NodeId kB{"north", "b"};
inline constexpr std::uint64_t kTerm = 41;

// Believes what it is told to, and remembers what it hears.
class TestKeeper final : public InventoryKeeper {
 public:
  std::string believed_digest(const NodeId& /*node*/) override { return wire::digest(believed); }
  void matches(const NodeId& node) override { matched.push_back(node); }
  void pulling(const NodeId& node) override { pulls.push_back(node); }
  void pulled(const NodeId& /*node*/, Inventory inventory) override {
    inventories.push_back(std::move(inventory));
  }

  Inventory believed;
  std::vector<NodeId> matched;
  std::vector<NodeId> pulls;
  std::vector<Inventory> inventories;
};

class TestArtifactKeeper final : public ArtifactKeeper {
 public:
  std::string believed_digest(const NodeId& /*node*/) override { return wire::artifacts_digest(believed); }
  void matches(const NodeId& node) override { matched.push_back(node); }
  void pulling(const NodeId& node) override { pulls.push_back(node); }
  void pulled(const NodeId& /*node*/, ArtifactInventory items) override {
    inventories.push_back(std::move(items));
  }

  ArtifactInventory believed;
  std::vector<NodeId> matched;
  std::vector<NodeId> pulls;
  std::vector<ArtifactInventory> inventories;
};

class Field {
 public:
  Field() {
    REQUIRE(database);
    set_term(kTerm);
    REQUIRE(sites.start(keeper, artifacts));
    sites.on_event([this](const NodeEvent& event) { events.push_back(event); });
    on_loop([this] { sites.define({kA, kB}); });
  }

  void set_term(std::uint64_t term) {
    REQUIRE((*database)->write_now([term](soci::session& sql) -> Result<> {
      const auto column = static_cast<long long>(term);
      sql << "UPDATE coordinator SET term = :term", soci::use(column);
      return {};
    }));
  }
  // Runs `task` on the loop, and all that follows from it at once.
  void on_loop(Task task) {
    loop->post(std::move(task));
    time.run_for(20ms);
  }

  std::unique_ptr<ScriptedNode> node(const NodeId& id, Role role, const std::string& key) {
    return std::make_unique<ScriptedNode>(time, network, id, role, key + "-host", key_of(key));
  }
  // A node whose key is accepted, connected and welcomed.
  std::unique_ptr<ScriptedNode> welcomed(const NodeId& id, Role role) {
    auto made = node(id, role, id.node);
    accept(*made, id);
    made->connect();
    REQUIRE(time.run_until([&] { return !made->welcomes.empty(); }, 1s));
    return made;
  }
  void accept(ScriptedNode& knocking, const NodeId& id) {
    knocking.connect();
    REQUIRE(time.run_until([&] { return !sites.pending().empty(); }, 1s));
    std::optional<Result<>> outcome;
    sites.accept(sites.pending().front().fingerprint, id, "ann",
                 [&](Result<> done) { outcome = std::move(done); });
    REQUIRE(time.run_until([&] { return outcome.has_value(); }, 1s));
    REQUIRE(*outcome);
  }

  [[nodiscard]] bool heard(NodeEventKind kind, const std::string& code = {}) const {
    return std::any_of(events.begin(), events.end(),
                       [&](const NodeEvent& event) { return event.kind == kind && event.code == code; });
  }

  VirtualTime time;
  net::LossyNetwork network{Random(1)};
  std::unique_ptr<Executor> loop = time.executor();
  net::Admission admission{time.clock()};
  std::unique_ptr<net::Router> router = network.router(*loop, "central", key_of("central"), admission);
  Result<std::unique_ptr<sql::Database>> database =
      sql::open_inline({"sqlite::memory:", "test", database::migrations()}, time.executor());
  database::NodeKeys keys{**database};
  database::SiteVotes votes{**database, kTerm};
  TestKeeper keeper;
  TestArtifactKeeper artifacts;
  Sites sites{*loop, *router, admission, keys, votes, kTerm, {}};
  std::vector<NodeEvent> events;
};

}  // namespace fieldline::sites
