// Whether the condition of a script's trigger is true of a sample. Pure; any thread.
#pragma once

#include <optional>

#include "common/model/flat_config.hpp"
#include "common/model/value.hpp"

namespace fieldline::runtime {

// Empty: the sample does not say, because it is bad, or not of the type that the condition compares to.
std::optional<bool> is_true(const TriggerCondition& condition, const Sample& sample);

}  // namespace fieldline::runtime
