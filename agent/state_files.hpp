// The databases of a node, opened. One that is damaged is set aside, and the node begins with an empty one:
// what was in it comes from the peer or from central. But for the votes, without which it does not start.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/sql/database.hpp"

namespace fieldline::agent {

struct StateFiles {
  std::unique_ptr<sql::Database> configurations;
  std::unique_ptr<sql::Database> events;
  std::unique_ptr<sql::Database> journal;
  std::unique_ptr<sql::Database> votes;
  std::vector<std::string> set_aside;  // in words, for the site event log
};

Result<StateFiles> open_state_files(const std::filesystem::path& state, Timestamp now);

}  // namespace fieldline::agent
