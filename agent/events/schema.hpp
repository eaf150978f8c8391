// The tables of the site event log, in a database file of its own.
#pragma once

#include <span>

#include "common/sql/migration.hpp"

namespace fieldline::events {

std::span<const sql::Migration> migrations();

}  // namespace fieldline::events
