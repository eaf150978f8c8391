// The writes by which a journal follows another one. Each is one transaction, and says what it changes in the
// lanes. Runs where the database runs it; throws as SOCI does.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <string>
#include <vector>

#include "agent/journal/arrival.hpp"
#include "agent/journal/move_rows.hpp"
#include "agent/journal/record.hpp"
#include "common/base/result.hpp"

namespace fieldline::journal {

// kConflict: they do not join. In its file nothing of this node's own may stand between what was applied:
// what the peer has could not be told any more.
Result<> apply_rows(soci::session& sql, const Reach& reached, const std::vector<Arrival>& arrivals,
                    LaneChanges& changes);

void begin_snapshot_rows(soci::session& sql, const std::string& journal, bool set_back);
struct Sweep {
  LaneChanges changes{};
  Place through = 0;
  bool done = false;
};
// A portion, after `after`, of what a snapshot did not name, so that an accept never waits long for its turn.
Result<> sweep_rows(soci::session& sql, Place after, std::int64_t at, std::uint64_t epoch, Sweep& sweep);

void ack_rows(soci::session& sql, const std::string& journal, Place place, Place level);
Result<> adopt_rows(soci::session& sql, const std::vector<Arrival>& arrivals, LaneChanges& changes,
                    std::vector<Fate>& fates);
// What stood there may have moved meanwhile: then it is offered again.
Result<> resolve_rows(soci::session& sql, const std::vector<Place>& places, const std::vector<Fate>& fates,
                      const EndedBy& by, LaneChanges& changes);
Result<> restore_rows(soci::session& sql, const std::vector<Arrival>& arrivals, std::int64_t at,
                      std::uint64_t epoch, LaneChanges& changes);

}  // namespace fieldline::journal
