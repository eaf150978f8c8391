#include "agent/connections/switchboard.hpp"

#include <fmt/format.h>

#include <utility>

#include "agent/connections/limits.hpp"

namespace fieldline::connections {

void Switchboard::join(std::shared_ptr<const ModbusSubscriber> subscriber) {
  const std::lock_guard lock(mutex_);
  subscribers_.push_back(std::move(subscriber));
  changed_ = true;
  bell_.notify_one();
}

void Switchboard::leave(const std::shared_ptr<const ModbusSubscriber>& subscriber) {
  const std::lock_guard lock(mutex_);
  std::erase(subscribers_, subscriber);
  changed_ = true;
  bell_.notify_one();
}

Result<> Switchboard::submit(PendingWrite write) {
  const std::lock_guard lock(mutex_);
  if (closed_) return fail(ErrorCode::kUnavailable, "the connection is closed");
  if (writes_.size() >= kWriteQueue) {
    return fail(ErrorCode::kExhausted,
                fmt::format("{} writes wait for the device already; write less often", writes_.size()));
  }
  writes_.push_back(std::move(write));
  bell_.notify_one();
  return {};
}

void Switchboard::close() {
  std::deque<PendingWrite> abandoned;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    abandoned.swap(writes_);
    bell_.notify_one();
  }
  for (const auto& write : abandoned) write.answer(fail(ErrorCode::kUnavailable, "the connection is closed"));
}

bool Switchboard::wait_for(Duration span) {
  std::unique_lock lock(mutex_);
  bell_.wait_for(lock, span, [this] { return closed_ || changed_ || !writes_.empty(); });
  return !closed_;
}

std::optional<Subscribers> Switchboard::changed_subscribers() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(changed_, false)) return std::nullopt;
  return subscribers_;
}

std::optional<PendingWrite> Switchboard::next_write() {
  const std::lock_guard lock(mutex_);
  if (writes_.empty()) return std::nullopt;
  std::optional<PendingWrite> write(std::move(writes_.front()));
  writes_.pop_front();
  return write;
}

bool Switchboard::is_closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

}  // namespace fieldline::connections
