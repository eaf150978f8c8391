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
  raise_journal(epoch);
  resume_deliveries();
  desk_->serve([this] { settled_(); });
}

void NodeDuties::raise_epoch(std::uint64_t epoch) {
  log(Severity::kInfo, fmt::format("this node goes on as the active one, epoch {}", epoch));
  raise_journal(epoch);
}

void NodeDuties::raise_journal(std::uint64_t epoch) {
  journal_.raise_epoch(epoch, [](const Result<>& raised) {
    if (!raised) spdlog::error("the epoch of the journal: {}", raised.error().describe());
  });
}

void NodeDuties::stop_deliveries(std::function<void()> drained) {
  end_deliveries(kDrain, std::move(drained));
}

void NodeDuties::resume_deliveries() {
  delivers_ = true;
  outbox_->start();
}

// What asks while a stop is under way waits for that one.
void NodeDuties::end_deliveries(Duration patience, std::function<void()> ended) {
  wait_for_deliveries_.push_back(std::move(ended));
  if (wait_for_deliveries_.size() > 1) return;
  const auto tell = [this] {
    for (const auto& waits : std::exchange(wait_for_deliveries_, {})) waits();
  };
  if (!std::exchange(delivers_, false)) return tell();
  outbox_->stop(patience, tell);
}

void NodeDuties::end_serving(std::function<void()> ended) {
  end_deliveries(kLastMoment, [] {});
  desk_->stand_by([this, ended = std::move(ended)] { end_deliveries(kLastMoment, ended); });
}

void NodeDuties::record(const pair::RecordWindow& window) {
  const auto after = fmt::format("row {} of epoch {}", window.after.sequence, window.after.epoch);
  if (window.rows)
    return log(Severity::kWarning,
               fmt::format("active in epoch {} without {} rows that the other node kept after {}",
                           window.epoch, *window.rows, after));
  log(Severity::kWarning,
      fmt::format(
          "active in epoch {} without having heard the other node, which was active before: what it kept "
          "after {} is missing here",
          window.epoch, after));
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
  events_.append(std::move(event));
}

}  // namespace fieldline::agent
