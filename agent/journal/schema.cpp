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
    sql::Migration{2, "replication", R"(
      ALTER TABLE node ADD COLUMN journal TEXT NOT NULL DEFAULT '';  -- the name of this file
      -- What the other node of the pair is known to have here, and this one of it.
      CREATE TABLE peer (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        journal TEXT NOT NULL,   -- the name of its file; empty: none yet
        stream TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        place INTEGER NOT NULL,    -- of its records, how far they are here
        acked INTEGER NOT NULL,    -- of the records here, how far they are there
        level INTEGER NOT NULL,    -- its place when it had those and nothing else; 0: not so
        applied INTEGER NOT NULL,  -- the newest record here when the last of its records came
        wrote INTEGER NOT NULL,    -- the newest that this node wrote of itself before
        swept INTEGER              -- while a snapshot comes: what stands up to here was there before it
      ) STRICT;
      INSERT INTO peer VALUES (1, '', '', 0, 0, 0, 0, 0, 0, NULL);
      CREATE TABLE shared (  -- stretches of places whose messages the peer has, or had
        first INTEGER PRIMARY KEY,
        last INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE kept (  -- of each state the one record that holds it; its shelf is 0
        instance TEXT NOT NULL,
        name TEXT NOT NULL,
        place INTEGER NOT NULL,
        size INTEGER NOT NULL,
        PRIMARY KEY (instance, name)
      ) STRICT, WITHOUT ROWID;
    )"},
    sql::Migration{3, "a check of the peer", R"(
      ALTER TABLE peer ADD COLUMN former INTEGER NOT NULL DEFAULT 0;  -- of its records, before a snapshot began
      ALTER TABLE peer ADD COLUMN crc INTEGER NOT NULL DEFAULT 0;
      UPDATE peer SET journal = '', stream = '', epoch = 0, place = 0, acked = 0, level = 0, swept = NULL;
      DELETE FROM shared;
    )"},
};

}  // namespace

std::span<const sql::Migration> migrations() {
  return kMigrations;
}

}  // namespace fieldline::journal
