// What the journal keeps of messages that are over, and of itself. Runs where the database runs it; throws
// as SOCI does.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/journal/record.hpp"
#include "common/base/result.hpp"

namespace fieldline::journal {

// Makes a new journal ready, and names one that has no name yet `journal`. kConflict: it is another node's.
Result<> open_rows(soci::session& sql, const NodeName& self, const std::string& journal, Timestamp now);
// The journal has no name any more, and goes on at a place that no message has had.
void rename_rows(soci::session& sql, Timestamp now);
std::string select_journal(soci::session& sql);
std::uint64_t select_epoch(soci::session& sql);
// All that stands there was written before it.
void update_epoch(soci::session& sql, std::uint64_t epoch);

// A message that is over, and where it was.
struct Settled {
  Settlement settlement;
  std::int64_t shelf = 0;
};
// One record of all of them, or several where one would be too large, and a proof for each. `place` comes
// after the newest record, also after those that were removed in the same write. Answers the next place.
Place insert_settled(soci::session& sql, Place place, const std::vector<Settled>& settled,
                     std::uint64_t epoch);
// Removes those that still wait where it is said, and keeps insert_settled() of them.
Result<> write_settled(soci::session& sql, const std::vector<Settlement>& settlements, std::uint64_t epoch);
// What a record of settled messages names; their places are not known.
Result<std::vector<Settlement>> read_settled(std::string_view bytes);
std::optional<Ending> ending_of(soci::session& sql, const MessageId& id);
// 0: none of its messages is known.
std::int64_t number_of_node(soci::session& sql, const MessageId& id);
Result<Proof> select_proof(soci::session& sql, const MessageId& id);

// Deletes a portion of the proofs and records that are too old or too many.
void prune_rows(soci::session& sql, Timestamp now);

}  // namespace fieldline::journal
