// What a journal knows of the peer's, and which of its messages the peer has. Runs where the database runs
// it; throws as SOCI does.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <optional>
#include <string>

#include "agent/journal/record.hpp"

namespace fieldline::journal {

// The row `peer`; schema.cpp says what the members are.
struct Peer {
  Reach reach;
  Place acked = 0;
  Place level = 0;
  Place applied = 0;
  Place wrote = 0;
  std::optional<Place> swept;
  Place former = 0;
};

// Where the journal stands after a write.
struct Standing {
  Place newest = 0;
  Peer peer;
};

// Nothing is known where the row is damaged.
Peer select_peer(soci::session& sql);
void update_peer(soci::session& sql, const Peer& peer);
Standing select_standing(soci::session& sql);

// Places from the first to the last, both included.
struct Stretch {
  Place first = 0;
  Place last = 0;
};

// The peer has what stands there; joined to the stretch before it where no message stands between.
void share(soci::session& sql, const Stretch& stretch);
// The same of all up to `place`.
void share_through(soci::session& sql, Place place);
void share_nothing(soci::session& sql);
bool is_shared(soci::session& sql, Place place);
// Live messages, and endings, after `after` that the peer is not known to have, in order, at most 64 KiB.
Records select_unshared(soci::session& sql, Place after);

}  // namespace fieldline::journal
