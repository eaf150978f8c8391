// One instance as a connection sees it: subscribes, remembers the newest sample of each point, writes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "agent/connections/connection.hpp"

namespace fieldline::connections {

class Subscriber {
 public:
  Subscriber(FieldConnection& connection, std::vector<Point> points, Executor& executor)
      : subscription_(connection.subscribe(std::move(points), executor, [this](const Batch& batch) {
          ++batches_;
          for (const auto& point : batch) samples_[point.id] = point.sample;
        })) {}

  void write(PointId point, const Value& value) {
    answer_.reset();
    subscription_->write(point, value, [this](Result<> answer) { answer_ = std::move(answer); });
  }

  void leave() { subscription_.reset(); }

  [[nodiscard]] Quality quality(PointId point) const {
    const auto found = samples_.find(point);
    return found == samples_.end() ? Quality::kBadNodeIdUnknown : found->second.quality;
  }
  [[nodiscard]] Value value(PointId point) const {
    const auto found = samples_.find(point);
    return found == samples_.end() ? Value() : found->second.value;
  }
  [[nodiscard]] bool shows(PointId point, const Value& value) const {
    return quality(point) == Quality::kGood && this->value(point) == value;
  }
  [[nodiscard]] Sample sample(PointId point) const { return samples_.at(point); }
  [[nodiscard]] std::size_t batches() const { return batches_; }
  [[nodiscard]] std::size_t points_seen() const { return samples_.size(); }
  // Of the last write, once it came.
  [[nodiscard]] const std::optional<Result<>>& answer() const { return answer_; }
  [[nodiscard]] bool was_refused_as(ErrorCode code) const {
    return answer_ && !*answer_ && answer_->error().code == code;
  }

 private:
  std::map<PointId, Sample> samples_;
  std::optional<Result<>> answer_;
  std::size_t batches_ = 0;
  std::unique_ptr<Subscription> subscription_;
};

}  // namespace fieldline::connections
