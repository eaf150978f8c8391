#include "agent/connections/simulation.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numbers>
#include <utility>

#include "agent/connections/limits.hpp"

namespace fieldline::connections {
namespace {

// What a cell holds that nobody has written.
Value blank(DataType type) {
  switch (type) {
    case DataType::kBool:
      return false;
    case DataType::kInt:
      return std::int64_t{0};
    case DataType::kFloat:
      return 0.0;
    case DataType::kString:
      return std::string();
    case DataType::kTimestamp:
      return Timestamp();
  }
  return {};
}

Value typed_wave(const SimulatorAddress& address, DataType type, Timestamp at) {
  const double value = wave(address, at);
  if (type == DataType::kBool) return value == address.max;
  if (type == DataType::kInt) return static_cast<std::int64_t>(std::llround(value));
  return value;
}

}  // namespace

double wave(const SimulatorAddress& address, Timestamp at) {
  const auto period = address.period.count();
  const auto past = ((at.time_since_epoch().count() % period) + period) % period;
  const double phase = static_cast<double>(past) / static_cast<double>(period);
  const double span = address.max - address.min;
  switch (address.signal) {
    case Signal::kSine:
      return address.min + span * (1 + std::sin(2 * std::numbers::pi * phase)) / 2;
    case Signal::kRamp:
      return address.min + span * phase;
    default:
      return phase < 0.5 ? address.min : address.max;
  }
}

Simulation::Simulation(Duration poll, Executor& loop) : poll_(poll), loop_(loop) {}

void Simulation::start() {
  loop_.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->beat();
  });
}

void Simulation::beat() {
  const std::lock_guard lock(mutex_);
  const auto now = loop_.clock().now();
  const bool refresh = now - refreshed_ >= kRefresh;
  if (refresh) refreshed_ = now;
  for (const auto& subscriber : subscribers_) {
    show_all(*subscriber);
    if (refresh) subscriber->feed->touch_all();
    subscriber->feed->flush();
  }
  loop_.after(poll_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->beat();
  });
}

void Simulation::join(std::shared_ptr<const SimulatorSubscriber> subscriber) {
  const std::lock_guard lock(mutex_);
  show_all(*subscriber);
  subscriber->feed->flush();
  subscribers_.push_back(std::move(subscriber));
}

void Simulation::leave(const std::shared_ptr<const SimulatorSubscriber>& subscriber) {
  const std::lock_guard lock(mutex_);
  std::erase(subscribers_, subscriber);
}

Result<> Simulation::store(const std::string& cell, Value value) {
  const std::lock_guard lock(mutex_);
  if (cells_.size() >= kMemoryCells && !cells_.contains(cell)) {
    return fail(ErrorCode::kExhausted, fmt::format("the simulator holds {} cells already", cells_.size()));
  }
  cells_[cell] = std::move(value);
  for (const auto& subscriber : subscribers_) {
    for (const auto& point : subscriber->points) {
      if (point.address.signal == Signal::kMemory && point.address.text == cell)
        show(*subscriber->feed, point);
    }
    subscriber->feed->flush();
  }
  return {};
}

void Simulation::show_all(const SimulatorSubscriber& subscriber) const {
  for (const auto& point : subscriber.points) show(*subscriber.feed, point);
}

void Simulation::show(Feed& feed, const SimulatedPoint& point) const {
  const auto now = loop_.clock().utc();
  if (auto value = read(point, now)) {
    feed.good(point.index, std::move(*value), now);
  } else {
    feed.bad(point.index, Quality::kBadTypeMismatch, now);
  }
}

Result<Value> Simulation::read(const SimulatedPoint& point, Timestamp now) const {
  const auto& address = point.address;
  if (address.signal == Signal::kConstant) return constant_value(address.text, point.type);
  if (address.signal != Signal::kMemory) return typed_wave(address, point.type, now);
  const auto found = cells_.find(address.text);
  return found == cells_.end() ? blank(point.type) : coerce(found->second, point.type);
}

}  // namespace fieldline::connections
