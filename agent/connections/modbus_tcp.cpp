#include "agent/connections/modbus_tcp.hpp"

#include <fmt/format.h>

#include <unordered_map>
#include <utility>

#include "agent/connections/modbus_codec.hpp"
#include "agent/connections/modbus_poller.hpp"
#include "common/base/worker.hpp"
#include "common/model/field_address.hpp"

namespace fieldline::connections {
namespace {

class ModbusSubscription final : public Subscription {
 public:
  ModbusSubscription(const std::vector<Point>& points, std::shared_ptr<Switchboard> board, Executor& executor,
                     Sink sink)
      : board_(std::move(board)), feed_(std::make_shared<Feed>(points, executor, std::move(sink))) {
    auto subscriber = std::make_shared<ModbusSubscriber>();
    subscriber->feed = feed_;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (auto address = parse_modbus_address(points[i].address);
          address && address->carries(points[i].type)) {
        points_.emplace(points[i].id, ModbusPoint{i, points[i].type, *address});
        subscriber->points.push_back({i, points[i].type, *address});
      } else {
        feed_->bad(i, Quality::kBadConfigurationError, executor.clock().utc());
      }
    }
    feed_->flush();
    subscriber_ = std::move(subscriber);
    board_->join(subscriber_);
  }

  ~ModbusSubscription() override {
    feed_->close();
    board_->leave(subscriber_);
  }

  void write(PointId id, const Value& value, Written done) override {
    auto words = words_for(id, value);
    if (!words) return feed_->answer(std::move(done), fail(std::move(words.error())));
    // The thread that answers may be ahead of submit() in returning, so each path has its own copy.
    const auto reply = [feed = feed_, done](Result<> answer) { feed->answer(done, std::move(answer)); };
    const auto& address = points_.at(id).address;
    if (auto taken = board_->submit({address, std::move(*words), reply}); !taken) reply(std::move(taken));
  }

 private:
  [[nodiscard]] Result<std::vector<std::uint16_t>> words_for(PointId id, const Value& value) const {
    const auto found = points_.find(id);
    if (found == points_.end()) {
      return fail(ErrorCode::kNotFound, fmt::format("no point {} with a usable address", id));
    }
    const auto& point = found->second;
    if (!point.address.writable()) {
      return fail(ErrorCode::kInvalid, fmt::format("table {} is read only", name(point.address.table)));
    }
    auto typed = coerce(value, point.type);
    if (!typed) return fail(std::move(typed.error()));
    return encode(point.address, *typed);
  }

  const std::shared_ptr<Switchboard> board_;
  const std::shared_ptr<Feed> feed_;
  std::shared_ptr<const ModbusSubscriber> subscriber_;
  std::unordered_map<PointId, ModbusPoint> points_;
};

}  // namespace

ModbusTcp::ModbusTcp(const std::string& name, const ModbusTcpOptions& options, const Clock& clock,
                     Random random, std::unique_ptr<LinkState> state, MayWrite may_write)
    : state_(std::move(state)), board_(std::make_shared<Switchboard>()), link_(options) {
  thread_ = std::thread(
      [this, name, poll = options.poll, &clock, random, may_write = std::move(may_write)]() mutable {
        name_thread(name);
        ModbusPoller(poll, link_, *board_, *state_, clock, std::move(random), std::move(may_write)).run();
      });
}

ModbusTcp::~ModbusTcp() {
  board_->close();
  link_.interrupt();
  thread_.join();
}

std::unique_ptr<Subscription> ModbusTcp::subscribe(std::vector<Point> points, Executor& executor, Sink sink) {
  return std::make_unique<ModbusSubscription>(points, board_, executor, std::move(sink));
}

ConnectionHealth ModbusTcp::state() const {
  return state_->get();
}

}  // namespace fieldline::connections
