// Messages whose rows are damaged: set aside for a person to look at, and asked of the peer. Runs where the
// database runs it; throws as SOCI does.
#pragma once

#include <soci/soci.h>

#include <optional>
#include <vector>

#include "agent/journal/record.hpp"

namespace fieldline::journal {

// Those of them whose id can be told, as far as it is not damaged too.
std::vector<MessageId> set_messages_aside(soci::session& sql, const std::vector<Place>& places);
// Of all that were set aside; at most kWanted.
std::vector<MessageId> select_wanted(soci::session& sql);
// A whole one has come.
void delete_damaged(soci::session& sql, const MessageId& id);

}  // namespace fieldline::journal
