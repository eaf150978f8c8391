#include "agent/runtime/voice.hpp"

#include <fmt/format.h>

#include <utility>

#include "agent/runtime/limits.hpp"
#include "agent/runtime/text.hpp"

namespace fieldline::runtime {

Voice::Voice(const Speaker& speaker, Category category, Rate rate)
    : speaker_(speaker), category_(category), gate_(rate) {}

Voice::~Voice() {
  speaker_.strand.cancel(timer_);
}

void Voice::say(Severity severity, std::string source, std::string message, std::string details) {
  Event event;
  event.category = category_;
  event.severity = severity;
  event.instance = speaker_.instance;
  event.source = std::move(source);
  event.message = clean_text(message, kLongestText);
  event.details = std::move(details);
  event.time = speaker_.strand.clock().utc();
  // While some are held back the next ones queue up behind them, so that order stays.
  if (held_ == 0 && gate_.admit(speaker_.strand.clock().now())) {
    speaker_.log(std::move(event));
  } else {
    hold(std::move(event));
  }
}

void Voice::hold(Event event) {
  alike_ = held_ == 0 || (alike_ && event.message == last_held_.message);
  ++held_;
  last_held_ = std::move(event);
  if (timer_ != 0) return;
  timer_ = speaker_.strand.after(gate_.opens() - speaker_.strand.clock().now(), [this] { flush(); });
}

void Voice::flush() {
  speaker_.strand.cancel(std::exchange(timer_, 0));
  const auto held = std::exchange(held_, 0);
  if (held == 0) return;
  static_cast<void>(gate_.admit(speaker_.strand.clock().now()));
  if (held > 1) {
    last_held_.message +=
        alike_ ? fmt::format(" (repeated {} times)", held) : fmt::format(" (the last of {} held back)", held);
  }
  speaker_.log(std::move(last_held_));
}

}  // namespace fieldline::runtime
