#include "agent/outbox/life.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/outbox/limits.hpp"

namespace fieldline::outbox {
namespace {

struct Stepper {
  const Life& life;
  const Patience& patience;
  const Instant now;

  using Answer = std::optional<Step>;

  [[nodiscard]] bool is(Stage stage) const { return life.stage == stage; }
  [[nodiscard]] Life as(Stage stage) const {
    auto next = life;
    next.stage = stage;
    return next;
  }
  // After one more attempt, which failed for `reason`.
  [[nodiscard]] Life failed(Stage stage, std::string reason) const {
    auto next = as(stage);
    ++next.attempts;
    next.reason = std::move(reason);
    return next;
  }

  Answer operator()(const Begin&) const {
    if (!is(Stage::kWaiting)) return {};
    return Step{as(Stage::kDelivering), Deed::kDeliver};
  }
  Answer operator()(const targets::Delivered&) const {
    if (!is(Stage::kDelivering)) return {};
    auto next = as(Stage::kSettled);
    ++next.attempts;
    return Step{std::move(next), Deed::kMark};
  }
  // It can't be delivered: out of the way, or in it where the order counts.
  [[nodiscard]] Step give_up(std::string reason, Duration wait) const {
    if (!patience.ordered) return {failed(Stage::kParked, std::move(reason)), Deed::kPark};
    auto next = failed(Stage::kPausing, std::move(reason));
    next.blocked = true;
    next.due = now + wait;
    return {std::move(next), Deed::kPause};
  }
  Answer operator()(const targets::Postponed& postponed) const {
    if (!is(Stage::kDelivering)) return {};
    const auto wish =
        std::min<Duration>(postponed.retry_after.value_or(Duration::zero()), kLongestRetryAfter);
    const auto wait = std::max(patience.retry_interval, wish);
    if (life.attempts >= patience.retry_limit)
      return give_up(fmt::format("given up after {} attempts: {}", life.attempts + 1, postponed.reason),
                     wait);
    auto next = failed(Stage::kPausing, postponed.reason);
    next.due = now + wait;
    return Step{std::move(next), Deed::kPause};
  }
  Answer operator()(const targets::Refused& refused) const {
    if (!is(Stage::kDelivering)) return {};
    return give_up("refused: " + refused.reason, patience.retry_interval);
  }
  Answer operator()(const Interrupted&) const {
    if (!is(Stage::kDelivering)) return {};
    return Step{as(Stage::kWaiting), Deed::kNothing};
  }
  Answer operator()(const Due&) const {
    if (!is(Stage::kPausing) || now < life.due) return {};
    return Step{as(Stage::kWaiting), Deed::kNothing};
  }
  Answer operator()(const Retry&) const {
    if (!is(Stage::kParked)) return {};
    return Step{Life{}, Deed::kRequeue};
  }
  Answer operator()(const Discard&) const {
    if (!is(Stage::kParked)) return {};
    return Step{as(Stage::kSettled), Deed::kRemove};
  }
  Answer operator()(const Drop&) const {
    if (!is(Stage::kWaiting)) return {};
    return Step{as(Stage::kSettled), Deed::kRemove};
  }
};

}  // namespace

std::optional<Step> step(const Life& life, const Happening& happening, const Patience& patience,
                         Instant now) {
  return std::visit(Stepper{life, patience, now}, happening);
}

}  // namespace fieldline::outbox
