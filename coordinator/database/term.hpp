// The coordinator's leadership number: it rises with each start, durably, before anything is sent.
#pragma once

#include <cstdint>

#include "common/sql/database.hpp"

namespace fieldline::database {

// Waits for the database: for starting up.
Result<std::uint64_t> raise_term(sql::Database& database);

}  // namespace fieldline::database
