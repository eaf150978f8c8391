#include "agent/connections/simulator.hpp"

#include <fmt/format.h>

#include <unordered_map>
#include <utility>

#include "agent/connections/simulation.hpp"

namespace fieldline::connections {
namespace {

class SimulatorSubscription final : public Subscription {
 public:
  SimulatorSubscription(const std::vector<Point>& points, std::shared_ptr<Simulation> simulation,
                        Executor& executor, Sink sink, MayWrite may_write)
      : simulation_(std::move(simulation)),
        may_write_(std::move(may_write)),
        feed_(std::make_shared<Feed>(points, executor, std::move(sink))) {
    auto subscriber = std::make_shared<SimulatorSubscriber>();
    subscriber->feed = feed_;
    for (std::size_t i = 0; i < points.size(); ++i) {
      auto address = parse_simulator_address(points[i].address);
      if (address && address->carries(points[i].type)) {
        points_.emplace(points[i].id, SimulatedPoint{i, points[i].type, *address});
        subscriber->points.push_back({i, points[i].type, std::move(*address)});
      } else {
        feed_->bad(i, Quality::kBadConfigurationError, executor.clock().utc());
      }
    }
    subscriber_ = std::move(subscriber);
    simulation_->join(subscriber_);
  }

  ~SimulatorSubscription() override {
    feed_->close();
    simulation_->leave(subscriber_);
  }

  void write(PointId id, const Value& value, Written done) override {
    feed_->answer(std::move(done), store(id, value));
  }

 private:
  Result<> store(PointId id, const Value& value) {
    const auto found = points_.find(id);
    if (found == points_.end()) {
      return fail(ErrorCode::kNotFound, fmt::format("no point {} with a usable address", id));
    }
    const auto& [index, type, address] = found->second;
    if (!address.writable()) {
      return fail(ErrorCode::kInvalid, fmt::format("signal {} is read only", name(address.signal)));
    }
    auto typed = coerce(value, type);
    if (!typed) return fail(std::move(typed.error()));
    if (!may_write_()) return fail(not_allowed_to_write());
    return simulation_->store(address.text, std::move(*typed));
  }

  const std::shared_ptr<Simulation> simulation_;
  const MayWrite may_write_;
  const std::shared_ptr<Feed> feed_;
  std::shared_ptr<const SimulatorSubscriber> subscriber_;
  std::unordered_map<PointId, SimulatedPoint> points_;
};

}  // namespace

Simulator::Simulator(const SimulatorOptions& options, Executor& loop, std::unique_ptr<LinkState> state,
                     MayWrite may_write)
    : state_(std::move(state)),
      may_write_(std::move(may_write)),
      simulation_(std::make_shared<Simulation>(options.poll, loop)) {
  simulation_->start();
  state_->up();
}

std::unique_ptr<Subscription> Simulator::subscribe(std::vector<Point> points, Executor& executor, Sink sink) {
  return std::make_unique<SimulatorSubscription>(points, simulation_, executor, std::move(sink), may_write_);
}

ConnectionHealth Simulator::state() const {
  return state_->get();
}

}  // namespace fieldline::connections
