#include "agent/orders/errand.hpp"

#include <fmt/format.h>

#include "agent/orders/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/wire/limits.hpp"

namespace fieldline::orders {
namespace {

std::vector<ReportedFinding> reported(const std::vector<Finding>& findings) {
  std::vector<ReportedFinding> list;
  for (const auto& finding : findings) {
    if (list.size() == kReportedFindings) break;
    list.push_back({finding.code, std::string(cut_utf8(finding.message, kReportedMessage)), finding.path});
  }
  return list;
}

// The findings say it better than the code.
std::string reason_of(Stage stage, const Error& error) {
  if (!error.findings.empty() && error.findings.front().code == kArtifactAbsent)
    return std::string(kArtifactAbsent);
  if (stage == Stage::kCompiled && !error.findings.empty()) return "does-not-compile";
  return std::string(name(error.code));
}

}  // namespace

Errand::Errand(const Surroundings& surroundings, uplink::ReceivedOrder received)
    : around_(surroundings), received_(std::move(received)), arrived_(surroundings.loop.clock().now()) {}

void Errand::run(Done done) {
  done_ = std::move(done);
  begin();
}

void Errand::turn_down(std::string reason, std::string message, Done done) {
  done_ = std::move(done);
  give_up(Stage::kAccepted, std::move(reason), std::move(message));
}

void Errand::stop_waiting() {
  if (!download_) return;
  download_.reset();
  give_up(Stage::kAccepted, "role-changed", "the node's role changed before all had arrived");
}

void Errand::gather(std::size_t limit) {
  if (order().size > limit) {
    return give_up(Stage::kAccepted, "too-large",
                   fmt::format("{} bytes, and {} are the limit", order().size, limit));
  }
  if (order().size <= wire::kMaxInlineConfig) return arrived(received_.attachment);
  download_.emplace(order());
  fetch();
}

void Errand::fetch() {
  if (!download_) return;
  if (out_of_budget()) {
    download_.reset();
    return give_up(Stage::kAccepted, "budget-exceeded", "what the order brings did not arrive in time");
  }
  around_.answers.fetch(download_->next());
  around_.loop.after(kFetchRetry, then_on(*this, [asked = download_->next().offset](Errand& self) {
                       if (self.download_ && self.download_->next().offset == asked) self.fetch();
                     }));
}

void Errand::take(const Piece& piece, std::string_view bytes) {
  if (!download_) return;
  const auto before = download_->next().offset;
  if (auto taken = download_->take(piece, bytes); !taken) {
    download_.reset();
    return give_up(Stage::kAccepted, taken.error());
  }
  if (download_->complete()) {
    auto whole = download_->release();
    download_.reset();
    return arrived(std::move(whole));
  }
  if (download_->next().offset != before) fetch();
}

bool Errand::out_of_budget() const {
  return around_.loop.clock().now() - arrived_ > order().budget - kSwapReserve;
}

void Errand::close(const Report& outcome, std::function<void(Result<>)> end) {
  around_.store.record(order(), outcome, std::move(end));
}

void Errand::give_up(Stage stage, const Error& error) {
  give_up(stage, reason_of(stage, error),
          error.where.empty() ? error.message : error.where + ": " + error.message, error.findings);
}

void Errand::give_up(Stage stage, std::string reason, std::string message,
                     const std::vector<Finding>& findings) {
  auto outcome = report(stage);
  outcome.reason = std::move(reason);
  outcome.message = cut_utf8(message, kReportedMessage);
  outcome.findings = reported(findings);
  close(outcome, then_on(*this, [outcome](Errand& self, const Result<>&) { self.done_(outcome); }));
}

}  // namespace fieldline::orders
