// A field device as instances see it: subscribe to points, write to them, know whether it answers.
// One implementation per protocol. Any thread; every callback is posted to the executor it names.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/model/status.hpp"
#include "common/model/value.hpp"

namespace fieldline::connections {

// Chosen by the subscriber, unique within its subscription.
using PointId = std::uint32_t;

struct Point {
  PointId id = 0;
  std::string address;  // in the grammar of the connection's protocol (docs/connections.md)
  DataType type = DataType::kFloat;
};

struct PointSample {
  PointId id = 0;
  Sample sample;
};
using Batch = std::vector<PointSample>;

// The first batch comes at once and names every point: Bad_WaitingForInitialData, or
// Bad_ConfigurationError where the address can't be used. Then come the points whose value or
// quality changed, newest state only (a slow subscriber misses what was overtaken), and every
// `kRefresh` all of them, so that `server_time` shows they are still confirmed.
using Sink = std::function<void(const Batch& batch)>;

using Written = std::function<void(Result<> answer)>;

// Whether this node may write to the field at this very moment: asked on any thread, right before the
// request leaves for the device.
using MayWrite = std::function<bool()>;
Error not_allowed_to_write();

// One subscriber's use of a connection. Destroy it on the subscriber's executor: from then on
// neither the sink nor the answer of a write is called, and that executor is not touched.
class Subscription {
 public:
  virtual ~Subscription() = default;
  // Sends `value` to the device, before anything more is read from it, and answers once on the
  // subscriber's executor with what the device said: kInvalid (the value does not fit or the device
  // refuses it), kNotFound (no such point), kUnavailable (link down, device failing), kTimeout (no
  // answer: it may or may not have been carried out), kExhausted (too many writes wait); kUnavailable
  // too when this node may not write by then. A write is never repeated.
  virtual void write(PointId point, const Value& value, Written done) = 0;
};

class FieldConnection {
 public:
  virtual ~FieldConnection() = default;
  // `executor` outlives the subscription.
  [[nodiscard]] virtual std::unique_ptr<Subscription> subscribe(std::vector<Point> points, Executor& executor,
                                                                Sink sink) = 0;
  [[nodiscard]] virtual ConnectionHealth state() const = 0;
};

}  // namespace fieldline::connections
