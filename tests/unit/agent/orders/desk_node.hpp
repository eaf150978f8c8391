// A node's desk with the store, the runtime and the disk beneath it, in a virtual world; the test is the
// coordinator. A restart loses what the disk does not have.
#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/connections/connections.hpp"
#include "agent/orders/desk.hpp"
#include "agent/runtime/strands.hpp"
#include "agent/store/schema.hpp"
#include "common/base/hash.hpp"
#include "common/base/secret_box.hpp"
#include "common/base/virtual_time.hpp"
#include "common/sql/inline_database.hpp"
#include "common/wire/artifacts.hpp"
#include "common/wire/config.hpp"
#include "common/wire/limits.hpp"
#include "tests/unit/common/sql/scratch_folder.hpp"

namespace fieldline::orders {

class NoKeeper final : public runtime::Keeper {
 public:
  void load(const std::string&, Loaded reply) override { reply(runtime::Kept{}); }
  void save(const std::string&, runtime::Kept, Saved reply) override { reply({}); }
  void forget(const std::string&, Saved reply) override { reply({}); }
};

class NoOutside final : public runtime::Outside {
 public:
  void ask(runtime::Asked, runtime::Answered answered) override { answered(Json()); }
};

// One instance that shows in Out what `source` gives, each second.
inline FlatConfig machine(const std::string& instance, const std::string& source,
                          std::vector<std::string> artifacts) {
  FlatConfig config;
  config.instance = instance;
  config.site = "north";
  config.template_name = "Machine";
  config.artifacts = std::move(artifacts);
  Attribute out;
  out.name = "Out";
  out.type = DataType::kInt;
  out.value = std::int64_t{0};
  out.writable = true;
  config.attributes = {out};
  Script script;
  script.name = "Show";
  script.source = "attributes.set('Out', " + source + ")";
  script.trigger = {.interval = std::chrono::seconds(1), .kind = TriggerKind::kInterval};
  config.scripts = {script};
  return config;
}

class DeskNode final : Answers {
 public:
  using Artifacts = std::map<std::string, Artifact>;

  explicit DeskNode(Role role = Role::kActive) : role_(role) { start(); }
  ~DeskNode() override { kill(); }

  void restart() {
    kill();
    start();
  }

  // Hands an order over and waits for nothing; its id.
  std::string send(Order order, std::string brings) {
    order.budget = std::chrono::seconds(60);
    order.number = ++number_;
    order.deployment = "d" + std::to_string(order.number);
    order.size = brings.size();
    order.revision = brings.empty() ? Revision() : blake2b_hex(brings);
    loop_->post([this, order, inside = brings.size() <= wire::kMaxInlineConfig ? brings : std::string()] {
      desk_->take({order, inside, 1, order.number});
    });
    brings_[order.deployment] = std::move(brings);
    return order.deployment;
  }
  Report ends(const std::string& deployment) {
    REQUIRE(time.run_until([&] { return reports.contains(deployment); }, std::chrono::minutes(2)));
    return reports.at(deployment);
  }

  std::string send_config(OrderKind kind, const FlatConfig& config) {
    Order order;
    order.kind = kind;
    order.instance = config.instance;
    return send(order, wire::seal_config(config)->bytes);
  }
  Report deploy(const FlatConfig& config) {
    return ends(send_config(role_ == Role::kActive ? OrderKind::kApply : OrderKind::kHold, config));
  }
  Report command(OrderKind kind, const std::string& instance) {
    Order order;
    order.kind = kind;
    order.instance = instance;
    return ends(send(order, {}));
  }
  // With the documents that the node lacks, but for `without`.
  std::string send_artifacts(const Artifacts& set, const std::string& without = {}) {
    std::vector<wire::PackageItem> items;
    for (const auto& [key, artifact] : set) {
      auto sealed = *wire::seal_artifact(artifact);
      const auto known = artifacts->held().find(key);
      const bool has = known != artifacts->held().end() && known->second.revision == sealed.revision;
      items.push_back(
          {{key, sealed.revision},
           has || key == without ? nullptr : std::make_shared<const std::string>(std::move(sealed.bytes))});
    }
    Order order;
    order.kind = OrderKind::kArtifacts;
    return send(order, *wire::pack_artifacts(items));
  }
  Report bring(const Artifacts& set, const std::string& without = {}) {
    return ends(send_artifacts(set, without));
  }

  // What the instance shows two seconds from now; nothing when it does not run.
  std::optional<std::int64_t> out(const std::string& instance) {
    time.run_for(std::chrono::seconds(2));
    std::optional<std::optional<std::vector<AttributeValue>>> answer;
    loop_->post([&] { runtime_->values(instance, [&](auto values) { answer = std::move(values); }); });
    REQUIRE(time.run_until([&] { return answer.has_value(); }, std::chrono::minutes(1)));
    if (!*answer) return std::nullopt;
    return std::get<std::int64_t>((**answer).front().sample.value);
  }
  void serve() {
    await([this](auto done) { desk_->serve([](const auto& ready) { ready(); }, std::move(done)); });
  }
  void stand_by() {
    await([this](auto done) { desk_->stand_by(std::move(done)); });
  }
  void await(const std::function<void(std::function<void()>)>& ask) {
    bool done = false;
    loop_->post([&] { ask([&] { done = true; }); });
    REQUIRE(time.run_until([&] { return done; }, std::chrono::minutes(1)));
  }
  Desk& desk() { return *desk_; }
  sql::Database& database() { return *database_; }

  VirtualTime time;
  std::optional<SecretBox> secrets = SecretBox::generate();
  std::unique_ptr<store::ConfigurationStore> store;
  std::unique_ptr<store::ArtifactStore> artifacts;
  std::map<std::string, Report> reports;
  std::vector<Event> events;
  std::size_t fetches = 0;
  bool lease = true;
  bool answers_fetches = true;

 private:
  void start() {
    loop_ = time.executor();
    compiler_ = time.worker();
    strands_ = std::make_unique<runtime::VirtualStrands>(time);
    database_ = *sql::open_inline({folder_.connection("store.db"), "store", store::migrations()},
                                  time.executor(), std::chrono::milliseconds(2));
    store = *store::ConfigurationStore::open(*database_, *loop_);
    artifacts = *store::ArtifactStore::open(*database_, *store, *secrets);
    const auto log = [this](Event event) { events.push_back(std::move(event)); };
    connections_ =
        std::make_unique<connections::Connections>(*loop_, Random(1), [](const ConnectionHealth&) {});
    runtime_ = std::make_unique<runtime::Runtime>(
        runtime::Runtime::Surroundings{*loop_, *strands_, *compiler_, *connections_, keeper_, others_, log});
    desk_ = std::make_unique<Desk>(
        Surroundings{*loop_, *store, *artifacts, *runtime_, *this, log, "north", [this] { return lease; }});
    await([this](auto done) { desk_->start(std::move(done)); });
    if (role_ == Role::kActive) serve();
  }
  void kill() {
    desk_.reset();
    runtime_.reset();
    connections_.reset();
    artifacts.reset();
    store.reset();
    database_.reset();
    compiler_.reset();
    strands_.reset();
    loop_.reset();
  }

  void accepted(const Accepted&, std::uint64_t) override {}
  void report(const Report& report, std::uint64_t) override {
    reports.insert_or_assign(report.deployment, report);
  }
  void fetch(const Fetch& fetch) override {
    ++fetches;
    if (!answers_fetches) return;
    const auto& whole = brings_[fetch.deployment];
    loop_->post([this, fetch, size = whole.size(), piece = whole.substr(fetch.offset, wire::kMaxChunk)] {
      desk_->take(Piece{fetch.deployment, fetch.offset, size}, piece);
    });
  }

  const Role role_;
  sql::ScratchFolder folder_;
  NoKeeper keeper_;
  NoOutside others_;
  std::map<std::string, std::string> brings_;
  std::uint64_t number_ = 0;
  std::unique_ptr<Executor> loop_;
  std::unique_ptr<Worker> compiler_;
  std::unique_ptr<runtime::VirtualStrands> strands_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<connections::Connections> connections_;
  std::unique_ptr<runtime::Runtime> runtime_;
  std::unique_ptr<Desk> desk_;
};

}  // namespace fieldline::orders
