#include "agent/connections/feed.hpp"

#include <utility>

namespace fieldline::connections {

Feed::Feed(const std::vector<Point>& points, Executor& executor, Sink sink)
    : executor_(executor), sink_(std::move(sink)) {
  const auto now = executor.clock().utc();
  slots_.reserve(points.size());
  for (const auto& point : points) {
    slots_.push_back({{point.id, Sample{Quality::kBadWaitingForInitialData, now, now, {}}}});
  }
}

void Feed::good(std::size_t index, Value value, Timestamp now) {
  const std::lock_guard lock(mutex_);
  auto& [point, changed] = slots_[index];
  point.sample.server_time = now;
  if (point.sample.quality == Quality::kGood && point.sample.value == value) return;
  point.sample.quality = Quality::kGood;
  point.sample.value = std::move(value);
  point.sample.source_time = now;
  changed = changed_ = true;
}

void Feed::bad(std::size_t index, Quality quality, Timestamp now) {
  const std::lock_guard lock(mutex_);
  auto& [point, changed] = slots_[index];
  if (point.sample.quality == quality) return;
  point.sample.quality = quality;
  point.sample.server_time = now;
  changed = changed_ = true;
}

void Feed::touch_all() {
  const std::lock_guard lock(mutex_);
  for (auto& slot : slots_) slot.changed = true;
  changed_ = true;
}

void Feed::flush() {
  const std::lock_guard lock(mutex_);
  if (closed_ || posted_ || !changed_) return;
  posted_ = true;
  executor_.post([self = shared_from_this()] { self->deliver(); });
}

void Feed::answer(Written done, Result<> result) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  executor_.post([self = shared_from_this(), done = std::move(done), result = std::move(result)] {
    if (!self->is_closed()) done(result);
  });
}

void Feed::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

void Feed::deliver() {
  Batch batch;
  {
    const std::lock_guard lock(mutex_);
    posted_ = false;
    if (closed_) return;
    for (auto& [point, changed] : slots_) {
      if (std::exchange(changed, false)) batch.push_back(point);
    }
    changed_ = false;
  }
  if (!batch.empty()) sink_(batch);
}

bool Feed::is_closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

}  // namespace fieldline::connections
