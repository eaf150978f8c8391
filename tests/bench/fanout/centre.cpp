// Fieldline's own centre: the Communication Layer over its router, with CURVE and ZAP.
#include <functional>
#include <memory>
#include <set>

#include "common/net/curve_router.hpp"
#include "common/net/loop.hpp"
#include "common/sql/threaded_database.hpp"
#include "common/wire/artifacts.hpp"
#include "common/wire/config.hpp"
#include "coordinator/database/migrations.hpp"
#include "coordinator/database/node_keys.hpp"
#include "coordinator/database/site_votes.hpp"
#include "coordinator/sites/sites.hpp"
#include "tests/bench/fanout/pipe.hpp"
#include "tests/bench/fanout/plan.hpp"
#include "tests/bench/stopwatch.hpp"
#include "tests/bench/table.hpp"

namespace fieldline::bench {
namespace {

constexpr Duration kPatience = std::chrono::minutes(2);

// Sites that hold nothing, as central believes.
class NothingHeld final : public sites::InventoryKeeper {
 public:
  std::string believed_digest(const sites::NodeId&) override { return wire::digest({}); }
  void matches(const sites::NodeId&) override {}
  void pulling(const sites::NodeId&) override {}
  void pulled(const sites::NodeId&, Inventory) override {}
};

class NoArtifacts final : public sites::ArtifactKeeper {
 public:
  std::string believed_digest(const sites::NodeId&) override { return wire::artifacts_digest({}); }
  void matches(const sites::NodeId&) override {}
  void pulling(const sites::NodeId&) override {}
  void pulled(const sites::NodeId&, ArtifactInventory) override {}
};

class Centre {
 public:
  Centre(const Plan& plan, const std::vector<int>& commands)
      : plan_(plan), commands_(commands), admission_(loop_.clock()) {
    auto opened = sql::open_threaded({"sqlite:" + (plan.folder / "centre.db").string(), "centre",
                                      database::migrations(), plan.sites + 100});
    FIELDLINE_CHECK(opened);
    database_ = std::move(*opened);
    keys_ = std::make_unique<database::NodeKeys>(*database_);
    votes_ = std::make_unique<database::SiteVotes>(*database_, 1);
    store_keys();
    auto router = net::CurveRouter::bind(loop_, zap_, admission_, plan.server,
                                         {.endpoint = "tcp://127.0.0.1:*", .domain = "nodes"});
    FIELDLINE_CHECK(router);
    router_ = std::move(*router);
    // Simulated sites do not ping.
    const sites::SiteSettings settings{.silence_limit = std::chrono::hours(1)};
    sites_ = std::make_unique<sites::Sites>(loop_, *router_, admission_, *keys_, *votes_, 1, settings);
    FIELDLINE_CHECK(sites_->start(keeper_, artifacts_));
    std::set<sites::NodeId> nodes;
    for (std::size_t i = 0; i < plan.sites; ++i) nodes.insert(id(i));
    loop_.post([this, nodes = std::move(nodes)] { sites_->define(nodes); });
    sites_->on_event([this](const sites::NodeEvent& event) {
      if (event.kind == sites::NodeEventKind::kOnline) ++online_;
    });
    say(commands_, router_->endpoint() + "\n");
  }

  Figures measure() {
    Figures figures;
    const auto before = resident_kib();
    connect();
    figures.kib_per_connection = (resident_kib() - before) / static_cast<double>(plan_.sites);
    figures.reconnect_ms = connect();
    std::vector<double> rounds;
    for (int i = 0; i < kRounds; ++i) rounds.push_back(fan_out());
    figures.fanout_ms = median(rounds);
    figures.round_trip_us = round_trip();
    say(commands_, kEnd);
    return figures;
  }

 private:
  static sites::NodeId id(std::size_t site) { return {"site" + std::to_string(site), "a"}; }

  void store_keys() {
    std::size_t stored = 0;
    for (std::size_t i = 0; i < plan_.sites; ++i) {
      keys_->add(
          {plan_.keys[i].public_key(), id(i).site, "a", "bench", {}},
          [&](const Result<>& added) {
            FIELDLINE_CHECK(added);
            ++stored;
          },
          loop_);
    }
    wait([&] { return stored == plan_.sites; });
  }

  void wait(const std::function<bool()>& done) { FIELDLINE_CHECK(loop_.run_until(done, kPatience)); }

  double connect() {
    online_ = 0;
    const Stopwatch watch;
    say(commands_, kDial);
    wait([&] { return online_ >= plan_.sites; });
    return watch.milliseconds();
  }

  // One order to each of `count` sites; until all have reported.
  void send_orders(std::size_t count, OrderKind kind, const std::shared_ptr<const std::string>& config) {
    std::size_t reported = 0;
    loop_.post([&] {
      for (std::size_t i = 0; i < count; ++i) {
        sites::Dispatch dispatch;
        dispatch.to = id(i);
        dispatch.order.kind = kind;
        dispatch.order.budget = std::chrono::seconds(60);
        dispatch.order.deployment = "d" + std::to_string(++orders_);
        dispatch.order.instance = "Pump0001";
        dispatch.order.number = orders_;
        dispatch.order.size = config ? config->size() : 0;
        dispatch.config = config;
        dispatch.tell = [&](const sites::OrderNews& news) {
          if (const auto* report = std::get_if<Report>(&news)) {
            FIELDLINE_CHECK(report->success);
            ++reported;
          }
        };
        FIELDLINE_CHECK(sites_->order(std::move(dispatch)));
      }
    });
    wait([&] { return reported == count; });
  }

  double fan_out() {
    const auto config = std::make_shared<const std::string>(plan_.config);
    const Stopwatch watch;
    send_orders(plan_.sites, OrderKind::kApply, config);
    return watch.milliseconds();
  }

  double round_trip() {
    std::vector<double> times;
    for (int i = 0; i < kRoundTrips; ++i) {
      const Stopwatch watch;
      send_orders(1, OrderKind::kDisable, nullptr);
      times.push_back(watch.milliseconds() * 1000);
    }
    return median(times);
  }

  const Plan& plan_;
  const std::vector<int> commands_;
  net::Loop loop_;
  net::Zap zap_{loop_};
  net::Admission admission_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<database::NodeKeys> keys_;
  std::unique_ptr<database::SiteVotes> votes_;
  std::unique_ptr<net::CurveRouter> router_;
  NothingHeld keeper_;
  NoArtifacts artifacts_;
  std::unique_ptr<sites::Sites> sites_;
  std::size_t online_ = 0;
  std::uint64_t orders_ = 0;
};

}  // namespace

Figures measure_centre(const Plan& plan, const std::vector<int>& commands) {
  return Centre(plan, commands).measure();
}

}  // namespace fieldline::bench
