// Where subscribers on any thread meet the one thread that talks to their device: who is subscribed,
// which writes wait, and the bell that wakes the thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "agent/connections/feed.hpp"
#include "common/base/time.hpp"
#include "common/model/modbus_address.hpp"

namespace fieldline::connections {

// A point whose address the device can be asked for.
struct ModbusPoint {
  std::size_t index = 0;  // in the feed
  DataType type = DataType::kFloat;
  ModbusAddress address;
};

struct ModbusSubscriber {
  std::shared_ptr<Feed> feed;
  std::vector<ModbusPoint> points;
};
using Subscribers = std::vector<std::shared_ptr<const ModbusSubscriber>>;

struct PendingWrite {
  ModbusAddress address;
  std::vector<std::uint16_t> words;
  std::function<void(Result<> answer)> answer;
};

class Switchboard {
 public:
  // Subscribers' side, any thread.
  void join(std::shared_ptr<const ModbusSubscriber> subscriber);
  void leave(const std::shared_ptr<const ModbusSubscriber>& subscriber);
  // kExhausted when kWriteQueue writes wait, kUnavailable when closed; `write` is answered by nobody then.
  Result<> submit(PendingWrite write);
  // Refuses the writes that wait, and ends the wait of the device's thread for good.
  void close();

  // Device's side, one thread.
  // Until `span` has passed, or there is a write, or subscribers came or went; false once closed.
  bool wait_for(Duration span);
  // The subscribers, when they are not those of the last call.
  std::optional<Subscribers> changed_subscribers();
  std::optional<PendingWrite> next_write();
  [[nodiscard]] bool is_closed() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable bell_;
  Subscribers subscribers_;
  bool changed_ = false;
  std::deque<PendingWrite> writes_;
  bool closed_ = false;
};

}  // namespace fieldline::connections
