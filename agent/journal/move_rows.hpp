// Messages that leave their lane, or come back to it. Each write moves a portion. Runs where the database
// runs it; throws as SOCI does.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/journal/record.hpp"
#include "common/base/result.hpp"

namespace fieldline::journal {

// How a message ends here.
struct EndedBy {
  std::string detail;
  Timestamp at{};
  std::uint64_t epoch = 0;  // of the record that says so
};

// What a lane has to give up.
struct Surplus {
  std::int64_t bytes = 0;
  std::optional<Timestamp> before;
};

// kNotFound: it does not wait there any more.
Result<> park_row(soci::session& sql, Place place, const std::string& reason, Timestamp now, Place& parked);
// The next portion of what matches, after `cursor`.
Result<> retry_rows(soci::session& sql, const ParkedFilter& filter, const std::string& cursor,
                    MovedPortion& portion);
Result<> discard_rows(soci::session& sql, const ParkedFilter& filter, const std::string& cursor,
                      const EndedBy& by, MovedPortion& portion);
Result<> drop_rows(soci::session& sql, std::int64_t shelf, Place after, const Surplus& surplus,
                   const EndedBy& by, Moved& dropped);

}  // namespace fieldline::journal
