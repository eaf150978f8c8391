// One write that lets records of the other node in: where they go, what they replace, and what that changes
// in each lane. Runs where the database runs it; throws as SOCI does.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <map>
#include <vector>

#include "agent/journal/arrival.hpp"
#include "agent/journal/record.hpp"
#include "agent/journal/settled_rows.hpp"
#include "common/base/result.hpp"

namespace fieldline::journal {

class Shelving {
 public:
  explicit Shelving(soci::session& sql);

  // In place of what stands under its id. One that has ended here stays so, and the peer is to be told.
  Result<> put(const Arrival& message);
  // Takes a message only when it is not known, and answers what became of it; or endings.
  Result<Fate> adopt(const Arrival& arrival);
  // Those that are not over here yet end as it says.
  Result<> end(const std::vector<Settlement>& settled, std::uint64_t epoch);
  void put_state(const Record& state);
  void forget(const Record& forgotten);
  // A record of those that put() found to have ended here.
  void tell_ended();
  void remove(Place place, std::int64_t shelf, std::int64_t size);
  // A record that only makes sure that what was removed was not the newest.
  void close(std::int64_t at, std::uint64_t epoch);

  // The newest record before, and now.
  [[nodiscard]] Place before() const { return before_; }
  [[nodiscard]] Place newest() const { return next_ - 1; }
  // What it all changed.
  [[nodiscard]] LaneChanges changes() const;

 private:
  void insert(const Arrival& message, std::int64_t node);

  soci::session& sql_;
  const Place before_;
  Place next_;
  std::vector<Settled> ended_here_;
  std::map<std::int64_t, LaneCount> lanes_;  // by shelf, from 1
};

// The messages under these ids that are live here and whole.
std::vector<Record> select_messages(soci::session& sql, const std::vector<MessageId>& ids);

}  // namespace fieldline::journal
