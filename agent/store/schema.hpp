// The tables of a node's store.
#pragma once

#include <span>

#include "common/sql/migration.hpp"

namespace fieldline::store {

std::span<const sql::Migration> migrations();

}  // namespace fieldline::store
