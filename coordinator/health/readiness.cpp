#include "coordinator/health/readiness.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "common/base/check.hpp"
#include "coordinator/health/limits.hpp"

namespace fieldline::health {

Readiness::Readiness(Executor& loop, std::vector<Part> parts) : loop_(loop) {
  for (auto& part : parts) parts_.push_back({.part = std::move(part), .last = {}});
}

void Readiness::start() {
  ask_all();
}

void Readiness::ask_all() {
  for (auto& asked : parts_) ask(asked);
  loop_.after(kAskInterval, [this] { ask_all(); });
}

void Readiness::ask(Asked& asked) {
  if (asked.taken) return;
  if (!asked.open) asked.since = loop_.clock().now();
  asked.open = true;
  asked.taken = asked.part.ask([this, &asked](Result<> outcome) { answered(asked, std::move(outcome)); });
}

void Readiness::answered(Asked& asked, Result<> outcome) {
  FIELDLINE_DCHECK(loop_.here());
  asked.open = false;
  asked.taken = false;
  if (outcome.has_value() != asked.last.has_value()) {
    if (outcome)
      spdlog::info("{} can be used again", asked.part.name);
    else
      spdlog::warn("{} can't be used: {}", asked.part.name, outcome.error().describe());
  }
  asked.last = std::move(outcome);
}

std::string Readiness::obstacle() const {
  for (const auto& asked : parts_) {
    if (!asked.last) return fmt::format("{} can't be used; the coordinator's log says why", asked.part.name);
    const auto silent = loop_.clock().now() - asked.since;
    if (asked.open && silent > asked.part.patience) {
      return fmt::format("{} has not answered for {} s", asked.part.name,
                         std::chrono::duration_cast<std::chrono::seconds>(silent).count());
    }
  }
  return {};
}

}  // namespace fieldline::health
