#include "tests/bench/deployment/centre.hpp"

#include <sys/resource.h>

#include <functional>
#include <memory>
#include <optional>

#include "common/base/secret_box.hpp"
#include "common/net/curve_router.hpp"
#include "common/net/loop.hpp"
#include "common/sql/threaded_database.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/database/documents.hpp"
#include "coordinator/database/migrations.hpp"
#include "coordinator/database/node_keys.hpp"
#include "coordinator/security/accounts.hpp"
#include "tests/bench/deployment/reader.hpp"
#include "tests/bench/fanout/pipe.hpp"
#include "tests/bench/stopwatch.hpp"
#include "tests/bench/table.hpp"

namespace fieldline::bench {
namespace {

constexpr Duration kPatience = std::chrono::minutes(2);

std::string site_name(std::size_t site) {
  return "site" + std::to_string(site);
}

// A station of about 20 KiB on the wire.
std::string station_text() {
  std::string text = "---\nkind: Template\nname: Station\nspec:\n  attributes:\n";
  for (int i = 0; i < 260; ++i)
    text += fmt::format("    Value{:04}: {{type: float, unit: m3/h, value: {}.5}}\n", i, i);
  text += "  alarms:\n";
  for (int i = 0; i < 14; ++i) {
    text += fmt::format(
        "    Alarm{:04}: {{attribute: Value{:04}, kind: limits, hi: {{value: 80, deadband: 0.5}}, "
        "hihi: {{value: 90, deadband: 0.5}}, message: flow outside its limits}}\n",
        i, i);
  }
  text += "  scripts:\n";
  for (int i = 0; i < 7; ++i) {
    text += fmt::format(
        "    Script{:04}:\n      trigger: {{kind: interval, interval: 1s}}\n      source: |\n"
        "        local level = attributes.get(\"Value0000\")\n"
        "        if level > 80 then log.warn(\"the level is high\") end\n",
        i);
  }
  return text;
}

std::string documents(std::size_t sites, std::size_t instances_per_site) {
  auto text = station_text();
  for (std::size_t i = 0; i < sites; ++i) {
    text += fmt::format("---\n{{kind: Site, name: {}, spec: {{nodes: [a]}}}}\n", site_name(i));
    for (std::size_t k = 0; k < instances_per_site; ++k)
      text +=
          fmt::format("---\n{{kind: Instance, name: S{:05}-{:02}, spec: {{site: {}, template: Station}}}}\n",
                      i, k, site_name(i));
  }
  return text;
}

double percentile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

double peak_mib() {
  rusage usage{};
  FIELDLINE_CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

class BusyCentre {
 public:
  BusyCentre(const Plan& plan, const std::vector<int>& commands, std::size_t instances_per_site,
             const std::string& connection)
      : plan_(plan), commands_(commands), admission_(loop_.clock()) {
    const auto file = "sqlite:" + (plan.folder / "centre.db").string();
    auto opened =
        sql::open_threaded({connection.empty() ? file : connection, "centre", database::migrations()});
    FIELDLINE_CHECK(opened);
    database_ = std::move(*opened);
    apply(instances_per_site);  // before the keys: those of nodes that no document defines are revoked
    store_keys();
    auto router = net::CurveRouter::bind(loop_, zap_, admission_, plan.server,
                                         {.endpoint = "tcp://127.0.0.1:*", .domain = "nodes"});
    FIELDLINE_CHECK(router);
    router_ = std::move(*router);
    coordinator::Settings settings;
    settings.state = plan.folder;
    settings.silence_limit = std::chrono::hours(1);  // simulated sites do not ping
    auto built = coordinator::Coordinator::build(
        {loop_, *router_, admission_, *database_, author_, engine_, clerk_, box_, Random(1)}, settings);
    FIELDLINE_CHECK(built);
    coordinator_ = std::move(*built);
    FIELDLINE_CHECK(coordinator_->serve({}));
  }

  ~BusyCentre() {
    for (auto* worker : {&author_, &engine_, &clerk_}) worker->finish();
  }
  BusyCentre(const BusyCentre&) = delete;
  BusyCentre& operator=(const BusyCentre&) = delete;

  BulkFigures measure_bulk() {
    derive();
    open_to_agents();
    connect();
    BulkFigures figures;
    watch_ends();
    figures.reads_p99_ms = reads_p99_ms_during([&] { figures.per_second = deploy_all(); });
    figures.p50_ms = percentile(took_, 0.5);
    figures.p99_ms = percentile(took_, 0.99);
    figures.peak_mib = peak_mib();
    read_sizes(figures);
    say(commands_, kEnd);
    return figures;
  }

  StormFigures measure_storm() {
    derive();
    open_to_agents();
    connect();
    StormFigures figures;
    figures.reads_p99_ms = reads_p99_ms_during([&] { figures.back_ms = connect(); });
    figures.peak_mib = peak_mib();
    say(commands_, kEnd);
    return figures;
  }

 private:
  void wait(const std::function<bool()>& done) { FIELDLINE_CHECK(loop_.run_until(done, kPatience)); }

  void store_keys() {
    database::NodeKeys keys(*database_);
    std::size_t stored = 0;
    for (std::size_t i = 0; i < plan_.sites; ++i) {
      keys.add(
          {plan_.keys[i].public_key(), site_name(i), "a", "bench", {}},
          [&](const Result<>& added) {
            FIELDLINE_CHECK(added);
            ++stored;
          },
          loop_);
    }
    wait([&] { return stored == plan_.sites; });
  }

  void apply(std::size_t instances_per_site) {
    database::DocumentRecords records(*database_);
    catalog::Catalog catalog({loop_, author_, records, box_});
    FIELDLINE_CHECK(catalog.start());
    bool applied = false;
    loop_.post([&] {
      catalog.apply(documents(plan_.sites, instances_per_site), templates::TextFormat::kYaml, false, "bench",
                    [&](const Result<std::vector<catalog::Applied>>& outcome) {
                      FIELDLINE_CHECK(outcome);
                      applied = true;
                    });
    });
    wait([&] { return applied; });
  }

  // So that the engine has no other work later.
  void derive() {
    bool known = false;
    loop_.post([&] { coordinator_->deployments().derived_revisions([&](const auto&) { known = true; }); });
    wait([&] { return known; });
  }

  void open_to_agents() {
    coordinator_->sites().on_event([this](const sites::NodeEvent& event) {
      if (event.kind == sites::NodeEventKind::kOnline) ++online_;
    });
    say(commands_, router_->endpoint() + "\n");
  }

  // Milliseconds until all are online that dial at once.
  double connect() {
    online_ = 0;
    const Stopwatch watch;
    say(commands_, kDial);
    wait([&] { return online_ >= plan_.sites; });
    return watch.milliseconds();
  }

  double reads_p99_ms_during(const std::function<void()>& work) {
    Reader reader(coordinator_->port(), token(), site_name(0));
    work();
    reader.stop();
    wait([&] { return reader.stopped(); });
    return percentile(reader.took(), 0.99);
  }

  void watch_ends() {
    coordinator_->deployments().on_change([this](const deployment::Change& change) {
      if (!change.status || change.status->open()) return;
      FIELDLINE_CHECK(change.status->state == deployment::DeploymentState::kSuccess);
      const std::chrono::duration<double, std::milli> took =
          *change.status->finished - change.status->started;
      took_.push_back(took.count());
    });
    coordinator_->deployments().on_bulk([this](const deployment::BulkProgress& progress) {
      if (!progress.instance) ++over_;
    });
  }

  double deploy_all() {
    deployment::BulkRequest request;
    request.selection.template_name = "Station";
    request.who = "bench";
    const Stopwatch watch;
    loop_.post([&] {
      for (std::size_t i = 0; i < plan_.sites; ++i)
        coordinator_->deployments().deploy_all(
            site_name(i), request, [](const Result<deployment::Bulk>& begun) { FIELDLINE_CHECK(begun); });
    });
    wait([&] { return over_ == plan_.sites; });
    return static_cast<double>(plan_.sites * kInstancesPerSite) / watch.milliseconds() * 1000;
  }

  [[nodiscard]] std::string token() const {
    std::string line;
    std::ifstream stream(plan_.folder / security::kFirstTokenFile);
    std::getline(stream, line);
    return line;
  }

  void read_sizes(BulkFigures& figures) {
    const auto read = database_->read_now([&](soci::session& sql) {
      sql << "SELECT AVG(LENGTH(bytes)), AVG(LENGTH(provenance)) FROM sent_configs",
          soci::into(figures.config_bytes), soci::into(figures.provenance_bytes);
      return 0;
    });
    FIELDLINE_CHECK(read);
  }

  const Plan& plan_;
  const std::vector<int> commands_;
  net::Loop loop_;
  net::Zap zap_{loop_};
  const SecretBox box_ = SecretBox::generate();
  net::Admission admission_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<net::CurveRouter> router_;
  ThreadWorker author_{"author", 1, 1024};
  ThreadWorker engine_{"engine", 1, 1024};
  ThreadWorker clerk_{"clerk", 1, 1024};
  std::unique_ptr<coordinator::Coordinator> coordinator_;
  std::vector<double> took_;
  std::size_t over_ = 0;
  std::size_t online_ = 0;
};

}  // namespace

BulkFigures measure_bulk(const Plan& plan, const std::vector<int>& commands, const std::string& database) {
  return BusyCentre(plan, commands, kInstancesPerSite, database).measure_bulk();
}

StormFigures measure_storm(const Plan& plan, const std::vector<int>& commands) {
  return BusyCentre(plan, commands, 1, {}).measure_storm();
}

}  // namespace fieldline::bench
