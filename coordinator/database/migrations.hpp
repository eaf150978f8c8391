// The schema of the coordinator's database, as it grew.
#pragma once

#include <span>

#include "common/sql/migration.hpp"

namespace fieldline::database {

std::span<const sql::Migration> migrations();

}  // namespace fieldline::database
