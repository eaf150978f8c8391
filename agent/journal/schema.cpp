#include "agent/journal/schema.hpp"

#include <array>

namespace fieldline::journal {
namespace {

// A message is its own record: one row of `records`, and one entry of an index by which its lane finds it
// again. What is over leaves the row and its place stays empty; the newest row stays always, so that
// places only rise.
constexpr std::array kMigrations{
    sql::Migration{1, "journal", R"(
      CREATE TABLE node (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        epoch INTEGER NOT NULL,
        pruned INTEGER NOT NULL  -- records up to here may be absent that a reader would need
      ) STRICT;
      CREATE TABLE nodes (  -- 1 is this one
        id INTEGER PRIMARY KEY,
        site TEXT NOT NULL,
        node TEXT NOT NULL,
        UNIQUE (site, node)
      ) STRICT;
      CREATE TABLE targets (
        shelf INTEGER PRIMARY KEY,  -- from 1
        target TEXT NOT NULL UNIQUE
      ) STRICT;
      CREATE TABLE records (
        place INTEGER PRIMARY KEY,
        kind INTEGER NOT NULL,
        epoch INTEGER NOT NULL,  -- of a message: the one of its id
        shelf INTEGER,           -- of its target; negative: parked; null: nothing that is live
        at INTEGER NOT NULL,     -- microseconds UTC: accepted, or parked
        node INTEGER,            -- of a message that moved: of its id, as is number
        number INTEGER,
        size INTEGER NOT NULL,   -- of bytes
        crc INTEGER NOT NULL,
        note TEXT,               -- why it was parked
        bytes BLOB NOT NULL
      ) STRICT;
      CREATE INDEX records_by_shelf ON records (shelf, place, size);
      CREATE UNIQUE INDEX records_by_id ON records (number, epoch, node) WHERE node IS NOT NULL;
      CREATE TABLE proofs (
        number INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        node INTEGER NOT NULL,
        at INTEGER NOT NULL,
        ending INTEGER NOT NULL,
        shelf INTEGER NOT NULL,
        detail TEXT NOT NULL,
        PRIMARY KEY (number, epoch, node)
      ) STRICT, WITHOUT ROWID;
      -- Rows whose bytes do not have their check any more, for a person to look at.
      CREATE TABLE damaged (
        place INTEGER PRIMARY KEY,
        kind INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        shelf INTEGER,
        at INTEGER NOT NULL,
        node INTEGER,
        number INTEGER,
        size INTEGER NOT NULL,
        crc INTEGER NOT NULL,
        note TEXT,
        bytes BLOB NOT NULL
      ) STRICT;
    )"},
};

}  // namespace

std::span<const sql::Migration> migrations() {
  return kMigrations;
}

}  // namespace fieldline::journal
