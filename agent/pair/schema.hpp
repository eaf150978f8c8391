// The tables of a node's own vote.
#pragma once

#include <span>

#include "common/sql/migration.hpp"

namespace fieldline::pair {

std::span<const sql::Migration> migrations();

}  // namespace fieldline::pair
