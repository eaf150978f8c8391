#include "agent/outbox/notices.hpp"

#include <fmt/format.h>

#include "agent/outbox/limits.hpp"

namespace fieldline::outbox {
namespace {

Severity severity_of(Notice notice) {
  switch (notice) {
    case Notice::kRecovered:
      return Severity::kInfo;
    case Notice::kInPart:
    case Notice::kParked:
    case Notice::kNearlyFull:
    case Notice::kStruggling:
      return Severity::kWarning;
    case Notice::kBlocked:
    case Notice::kFull:
    case Notice::kDropped:
    case Notice::kDamaged:
      break;
  }
  return Severity::kError;
}

}  // namespace

void Notices::say(Notice notice, const std::string& target, std::string message, std::int64_t count) {
  const auto now = loop_.clock().now();
  const auto [known, is_first] = last_.try_emplace({target, notice});
  auto& last = known->second;
  if (!is_first && now - last.said < kNoticeInterval) {
    last.held += count;
    return;
  }
  if (last.held > 0) message += fmt::format(" ({} more like it since the last such event)", last.held);
  last = {now, 0};
  log(severity_of(notice), target, std::move(message));
}

void Notices::record(const std::string& target, std::string message) {
  log(Severity::kInfo, target, std::move(message));
}

void Notices::log(Severity severity, const std::string& target, std::string message) const {
  Event event;
  event.severity = severity;
  event.source = "outbox/" + target;
  event.message = std::move(message);
  log_(std::move(event));
}

}  // namespace fieldline::outbox
