// Retained values and alarm states as earlier releases kept them beside the configurations. The journal has
// them now; what is still here goes there once. Waits for the disk: for starting up, and never on a loop.
#pragma once

#include <map>
#include <set>
#include <string>

#include "common/base/result.hpp"
#include "common/sql/database.hpp"

namespace fieldline::store {

// By instance: "values/Setpoint", "alarms/Level" → bytes.
using FormerStates = std::map<std::string, std::map<std::string, std::string>>;

Result<FormerStates> read_former_states(sql::Database& database);
// They are elsewhere, durably.
Result<> delete_former_states(sql::Database& database);

// Whose states are worth keeping: what is configured here, or damaged and will be deployed again.
Result<std::set<std::string>> read_instances(sql::Database& database);

}  // namespace fieldline::store
