#include "coordinator/health/metrics.hpp"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "coordinator/health/limits.hpp"
#include "coordinator/health/outbox_figures.hpp"

namespace fieldline::health {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

using deployment::DeploymentKind;
using deployment::DeploymentState;

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

const Histogram::BucketBoundaries& request_buckets() {
  static const Histogram::BucketBoundaries kBuckets{0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60};
  return kBuckets;
}

const Histogram::BucketBoundaries& lag_buckets() {
  static const Histogram::BucketBoundaries kBuckets{0.001, 0.005, 0.02, 0.1, 0.5, 2};
  return kBuckets;
}

}  // namespace

struct Metrics::Series {
  prometheus::Registry registry;

  Family<Counter>& requests = BuildCounter()
                                  .Name("fieldline_http_requests_total")
                                  .Help("Requests answered, by operation and class of status.")
                                  .Register(registry);
  Family<Histogram>& request_seconds = BuildHistogram()
                                           .Name("fieldline_http_request_seconds")
                                           .Help("From the last byte of a request to its answer.")
                                           .Register(registry);
  Counter& refused_credentials = BuildCounter()
                                     .Name("fieldline_http_refused_credentials_total")
                                     .Help("Requests with a missing or wrong token.")
                                     .Register(registry)
                                     .Add({});
  Gauge& streams =
      BuildGauge().Name("fieldline_http_streams").Help("Event streams open.").Register(registry).Add({});
  Family<Gauge>& sessions = BuildGauge()
                                .Name("fieldline_nodes")
                                .Help("Defined nodes, by state: active, standby, offline.")
                                .Register(registry);
  Gauge& active = sessions.Add({{"state", "active"}});
  Gauge& standby = sessions.Add({{"state", "standby"}});
  Gauge& offline = sessions.Add({{"state", "offline"}});
  Gauge& pending_keys = BuildGauge()
                            .Name("fieldline_pending_keys")
                            .Help("Keys that knocked and wait to be accepted.")
                            .Register(registry)
                            .Add({});
  Gauge& malformed = BuildGauge()
                         .Name("fieldline_malformed_messages")
                         .Help("Messages of defined nodes that were dropped, since the start.")
                         .Register(registry)
                         .Add({});
  Family<Gauge>& operations = BuildGauge()
                                  .Name("fieldline_operations")
                                  .Help("Open operations on instances: queued, or in flight at their site.")
                                  .Register(registry);
  Gauge& queued = operations.Add({{"state", "queued"}});
  Gauge& in_flight = operations.Add({{"state", "in-flight"}});
  Family<Counter>& finished = BuildCounter()
                                  .Name("fieldline_operations_total")
                                  .Help("Operations on instances that ended, by kind and outcome.")
                                  .Register(registry);
  Gauge& bulks =
      BuildGauge().Name("fieldline_bulks").Help("Bulk deployments under way.").Register(registry).Add({});
  Counter& differences =
      BuildCounter()
          .Name("fieldline_differences_total")
          .Help("Times that a node held something else of an instance than central believed.")
          .Register(registry)
          .Add({});
  Family<Gauge>& messages = BuildGauge()
                                .Name("fieldline_outbox_messages")
                                .Help("Messages in the outboxes of sites whose active node is connected.")
                                .Register(registry);
  Gauge& waiting = messages.Add({{"state", "waiting"}});
  Gauge& parked = messages.Add({{"state", "parked"}});
  Gauge& outbox_bytes = BuildGauge()
                            .Name("fieldline_outbox_bytes")
                            .Help("What these messages take.")
                            .Register(registry)
                            .Add({});
  Gauge& outbox_oldest = BuildGauge()
                             .Name("fieldline_outbox_oldest_seconds")
                             .Help("Age of the oldest message that waits at any site; 0: none does.")
                             .Register(registry)
                             .Add({});
  Family<Gauge>& outbox_sites =
      BuildGauge()
          .Name("fieldline_outbox_sites")
          .Help("Sites with parked messages, or with a target that is (nearly) full.")
          .Register(registry);
  Gauge& sites_with_parked = outbox_sites.Add({{"state", "parked"}});
  Gauge& sites_nearly_full = outbox_sites.Add({{"state", "nearly-full"}});
  Gauge& sites_full = outbox_sites.Add({{"state", "full"}});
  Histogram& loop_lag = BuildHistogram()
                            .Name("fieldline_loop_lag_seconds")
                            .Help("How late the loop ran a timer.")
                            .Register(registry)
                            .Add({}, lag_buckets());

  Executor* loop = nullptr;
  sites::Sites* sites = nullptr;
  deployment::Deployments* deployments = nullptr;
  Timestamp since{};  // of the watch: what began before was counted by the run before, or never
  struct Operation {
    std::string id;
    DeploymentKind kind;
    bool open;
    DeploymentState state;
  };
  std::unordered_map<std::string, Operation> latest;  // by instance

  explicit Series(std::string_view version) {
    BuildGauge()
        .Name("fieldline_build_info")
        .Help("Always 1; the label is what matters.")
        .Register(registry)
        .Add({{"version", std::string(version)}})
        .Set(1);
  }

  void follow(const deployment::Change& change);
  void count_end(DeploymentKind kind, DeploymentState outcome);
  void measure_lag();
  void read_sites();
  void read_outboxes(const OutboxFigures& figures);
  void read_operations();
};

void Metrics::Series::follow(const deployment::Change& change) {
  if (!change.message.empty()) differences.Increment();
  const auto known = latest.find(change.instance);
  if (!change.status) {
    if (known == latest.end()) return;
    // A deletion that succeeds takes its own status away.
    if (known->second.open) count_end(known->second.kind, DeploymentState::kSuccess);
    latest.erase(known);
    return;
  }
  const auto& status = *change.status;
  if (status.started < since) return;
  const bool counted = known != latest.end() && known->second.id == status.id && !known->second.open;
  if (!status.open() && !counted) count_end(status.kind, status.state);
  latest.insert_or_assign(change.instance, Operation{status.id, status.kind, status.open(), status.state});
}

void Metrics::Series::count_end(DeploymentKind kind, DeploymentState outcome) {
  finished.Add({{"kind", std::string(name(kind))}, {"outcome", std::string(name(outcome))}}).Increment();
}

void Metrics::Series::measure_lag() {
  const auto due = loop->clock().now() + kLagPeriod;
  loop->after(kLagPeriod, [this, due] {
    loop_lag.Observe(seconds(std::max(loop->clock().now() - due, Duration(0))));
    measure_lag();
  });
}

void Metrics::Series::read_sites() {
  double counts[3] = {};
  double dropped = 0;
  const auto nodes = sites->nodes();
  read_outboxes(outbox_figures(nodes, loop->clock().utc()));
  for (const auto& node : nodes) {
    ++counts[!node.online ? 2 : node.role == Role::kActive ? 0 : 1];
    dropped += static_cast<double>(node.malformed);
  }
  active.Set(counts[0]);
  standby.Set(counts[1]);
  offline.Set(counts[2]);
  malformed.Set(dropped);
  pending_keys.Set(static_cast<double>(sites->pending().size()));
}

void Metrics::Series::read_outboxes(const OutboxFigures& figures) {
  waiting.Set(figures.waiting);
  parked.Set(figures.parked);
  outbox_bytes.Set(figures.bytes);
  outbox_oldest.Set(seconds(figures.oldest));
  sites_with_parked.Set(static_cast<double>(figures.with_parked));
  sites_nearly_full.Set(static_cast<double>(figures.nearly_full));
  sites_full.Set(static_cast<double>(figures.full));
}

void Metrics::Series::read_operations() {
  std::map<DeploymentState, double> counts;
  for (const auto& [instance, operation] : latest) ++counts[operation.state];
  queued.Set(counts[DeploymentState::kPending]);
  in_flight.Set(counts[DeploymentState::kInProgress]);
}

Metrics::Metrics(std::string_view version) : series_(std::make_unique<Series>(version)) {}
Metrics::~Metrics() = default;

void Metrics::count_request(std::string_view route, int status, Duration took) {
  const std::string operation(route);
  series_->requests.Add({{"operation", operation}, {"status", fmt::format("{}xx", status / 100)}})
      .Increment();
  series_->request_seconds.Add({{"operation", operation}}, request_buckets()).Observe(seconds(took));
}

void Metrics::count_refused_credential() {
  series_->refused_credentials.Increment();
}

void Metrics::set_streams(std::size_t open) {
  series_->streams.Set(static_cast<double>(open));
}

void Metrics::watch(Executor& loop, sites::Sites& sites, deployment::Deployments& deployments) {
  series_->loop = &loop;
  series_->sites = &sites;
  series_->deployments = &deployments;
  series_->since = loop.clock().utc();
  deployments.on_change(
      [series = series_.get()](const deployment::Change& change) { series->follow(change); });
  series_->measure_lag();
}

std::string Metrics::text() {
  if (series_->sites != nullptr) series_->read_sites();
  if (series_->deployments != nullptr)
    series_->bulks.Set(static_cast<double>(series_->deployments->bulks_under_way()));
  series_->read_operations();
  return prometheus::TextSerializer().Serialize(series_->registry.Collect());
}

}  // namespace fieldline::health
