// The tables of the journal, in a database file of its own.
#pragma once

#include <span>

#include "common/sql/migration.hpp"

namespace fieldline::journal {

std::span<const sql::Migration> migrations();

}  // namespace fieldline::journal
