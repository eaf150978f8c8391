#include "agent/node_duties.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

namespace fieldline::agent {
namespace {

// What goes on being wrong is said again this much later.
constexpr Duration kAlarmAgain = std::chrono::hours(1);
// A planned switch is given up before this.
constexpr Duration kDrain = std::chrono::hours(1);
// For deliveries under way when the role is lost.
constexpr Duration kLastMoment = std::chrono::seconds(1);

Severity severity_of(NodePhase phase) {
  switch (phase) {
    case NodePhase::kFenced:
      return Severity::kWarning;
    case NodePhase::kTerminated:
      return Severity::kError;
    default:
      return Severity::kInfo;
  }
}

// The steps on the way from one role to the other are for the daemon's log.
bool is_step(NodePhase phase) {
  return phase == NodePhase::kSyncing || phase == NodePhase::kCandidate;
}

}  // namespace

void NodeDuties::begin_serving(std::uint64_t epoch) {
  log(Severity::kInfo, fmt::format("this node is the active one, epoch {}", epoch));
  if (replica_ != nullptr) replica_->rest();
  // The epoch is written behind all that was applied of the other node's journal: what is served begins with
  // it.
  const auto prepare = [this, epoch, service = ++service_](const std::function<void()>& ready) {
    raise_journal(epoch, [this, service, ready] {
      if (service == service_) begin_passing_on();
      ready();
    });
  };
  desk_.begin(prepare, [this] { settled_(); });
}

void NodeDuties::begin_passing_on() {
  if (replica_ != nullptr) replica_->feed();
  if (phase_ == NodePhase::kActive) resume_deliveries();
}

void NodeDuties::raise_epoch(std::uint64_t epoch) {
  log(Severity::kInfo, fmt::format("this node goes on as the active one, epoch {}", epoch));
  raise_journal(epoch, [this] {
    if (replica_ != nullptr) replica_->raised();
  });
}

// The field is served, whatever the journal's disk says; messages then fail one by one.
void NodeDuties::raise_journal(std::uint64_t epoch, const std::function<void()>& raised) {
  journal_.raise_epoch(epoch, [raised](const Result<>& outcome) {
    if (!outcome) spdlog::error("the epoch of the journal: {}", outcome.error().describe());
    raised();
  });
}

void NodeDuties::stop_deliveries(std::function<void()> drained) {
  end_deliveries(kDrain, std::move(drained));
}

void NodeDuties::resume_deliveries() {
  outbox_->start();
}

void NodeDuties::end_deliveries(Duration patience, std::function<void()> ended) {
  outbox_->stop(patience, std::move(ended));
}

void NodeDuties::end_serving(std::function<void()> ended) {
  ++service_;
  ++ending_;
  end_deliveries(kLastMoment, [] {});
  desk_.end([this, ended = std::move(ended)] {
    end_deliveries(kLastMoment, [this, ended] {
      --ending_;
      take_side();
      // On a turn of its own: the journal tells on one, before it, how far the last records reach.
      loop_.post(ended);
    });
  });
}

// A node that serves no more follows once all that it writes itself is written.
void NodeDuties::take_side() {
  if (replica_ == nullptr || phase_ == NodePhase::kActive || phase_ == NodePhase::kDraining) return;
  const bool aside = phase_ == NodePhase::kFenced || phase_ == NodePhase::kTerminated;
  if (aside || ending_ > 0) {
    replica_->rest();
  } else {
    replica_->follow();
  }
}

void NodeDuties::peer_drains() {
  if (replica_ != nullptr) replica_->hurry();
}

void NodeDuties::record(const pair::RecordWindow& window) {
  window_ = LossWindow{window.after, window.epoch, false, {}, window.since};
  if (window.rows) window_->rows = static_cast<std::int64_t>(*window.rows);
  window_of_ = journal_.followed().journal;
  const auto since = window.since ? fmt::format("since {}", format_rfc3339(*window.since)) : "at any time";
  const auto rows = window.rows ? fmt::format("at least {}", *window.rows) : "not known";
  log(Severity::kWarning,
      fmt::format(
          "loss window: active in epoch {} and perhaps without what the other node kept {}, after row {} "
          "of epoch {}; rows known to be missing: {}",
          window.epoch, since, window.after.sequence, window.after.epoch, rows));
}

void NodeDuties::peer_is_level(const std::string& journal) {
  if (!window_ || window_->lost) return;
  // Of a journal that this node never followed it can't tell whether it is the same.
  if (journal == window_of_ || window_of_.empty()) {
    log(Severity::kInfo,
        fmt::format("the loss window of epoch {} is closed: the other node has brought what its disk kept",
                    window_->epoch));
    window_.reset();
    return;
  }
  window_->lost = true;
  log(Severity::kWarning,
      fmt::format(
          "the loss window of epoch {} stays: the other node is back with another journal, and what it kept "
          "there is lost",
          window_->epoch));
}

void NodeDuties::alarm(std::string_view code, const std::string& message) {
  const auto now = loop_.clock().now();
  const auto last = alarmed_.find(code);
  if (last != alarmed_.end() && now - last->second < kAlarmAgain) return;
  alarmed_.insert_or_assign(std::string(code), now);
  log(Severity::kWarning, fmt::format("{}: {}", code, message));
}

void NodeDuties::entered(const pair::Enter& change) {
  since_ = loop_.clock().utc();
  phase_ = change.to;
  if (phase_ != NodePhase::kActive && phase_ != NodePhase::kDraining) window_.reset();
  take_side();
  spdlog::info("pair: {}, was {}: {}", name(change.to), name(change.from), change.why);
  if (!is_step(change.to))
    log(severity_of(change.to),
        fmt::format("{}, was {}: {}", name(change.to), name(change.from), change.why));
  if (change.from == NodePhase::kCandidate && change.to != NodePhase::kActive) settled_();
}

void NodeDuties::log(Severity severity, std::string message) {
  Event event;
  event.category = Category::kSystem;
  event.severity = severity;
  event.source = "pair";
  event.message = std::move(message);
  events_(std::move(event));
}

}  // namespace fieldline::agent
