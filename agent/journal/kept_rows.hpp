// The states that instances find again: of each the newest, as a record. Runs where the database runs it;
// throws as SOCI does.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/journal/record.hpp"
#include "common/base/result.hpp"

namespace fieldline::journal {

// A record of kind kState; or of kForgotten, without name and bytes.
struct KeptRow {
  Place place = 0;
  std::uint64_t epoch = 0;
  Timestamp at{};
  std::string instance;
  std::string name;
  std::string bytes;  // of the record
};

// In place of the one before it.
void put_kept_row(soci::session& sql, const KeptRow& row);
// All of its instance; writes a record of that where something goes. Answers the next place.
Place forget_kept_rows(soci::session& sql, Place place, const KeptRow& row);
// It is damaged.
void set_kept_aside(soci::session& sql, const std::string& instance, Place place);
// kTooLarge: more than an instance may keep.
Result<> check_kept_size(soci::session& sql, const std::string& instance);

std::vector<std::string> select_kept_instances(soci::session& sql);

struct KeptFound {
  KeptStates states;
  std::vector<Place> damaged;
};
KeptFound select_kept(soci::session& sql, const std::string& instance);

}  // namespace fieldline::journal
