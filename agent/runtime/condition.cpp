#include "agent/runtime/condition.hpp"

#include <compare>

namespace fieldline::runtime {
namespace {

bool agrees(Comparison comparison, std::partial_ordering order) {
  switch (comparison) {
    case Comparison::kLess:
      return order < 0;
    case Comparison::kLessOrEqual:
      return order <= 0;
    case Comparison::kEqual:
      return order == 0;
    case Comparison::kNotEqual:
      return order != 0;
    case Comparison::kGreaterOrEqual:
      return order >= 0;
    case Comparison::kGreater:
      return order > 0;
  }
  return false;
}

}  // namespace

std::optional<bool> is_true(const TriggerCondition& condition, const Sample& sample) {
  if (is_bad(sample.quality) || sample.value.index() != condition.value.index()) return std::nullopt;
  const std::partial_ordering order = sample.value <=> condition.value;
  if (order == std::partial_ordering::unordered) return std::nullopt;  // not a number
  return agrees(condition.comparison, order);
}

}  // namespace fieldline::runtime
