#include "agent/store/schema.hpp"

#include <array>

namespace fieldline::store {
namespace {

constexpr std::array kMigrations{
    sql::Migration{1, "configurations", R"(
      CREATE TABLE node (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        term INTEGER NOT NULL
      ) STRICT;
      INSERT INTO node VALUES (1, 0);

      CREATE TABLE candidates (
        instance TEXT PRIMARY KEY,
        revision TEXT NOT NULL,
        bytes BLOB NOT NULL
      ) STRICT;
      CREATE TABLE configurations (
        instance TEXT PRIMARY KEY,
        revision TEXT NOT NULL,
        enabled INTEGER NOT NULL,
        bytes BLOB NOT NULL
      ) STRICT;
      -- Configurations whose bytes no longer have their revision, for a person to look at.
      CREATE TABLE damaged (
        instance TEXT PRIMARY KEY,
        revision TEXT NOT NULL,
        bytes BLOB NOT NULL
      ) STRICT;

      -- Outlives the configuration, so that an old order can't bring a deleted instance back.
      CREATE TABLE order_numbers (
        instance TEXT PRIMARY KEY,
        number INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE reports (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        deployment TEXT NOT NULL UNIQUE,
        report BLOB NOT NULL
      ) STRICT;

      CREATE TABLE kept (
        instance TEXT NOT NULL,
        name TEXT NOT NULL,
        bytes BLOB NOT NULL,
        PRIMARY KEY (instance, name)
      ) STRICT, WITHOUT ROWID;
    )"},
    sql::Migration{2, "artifacts", R"(
      CREATE TABLE artifacts (
        key TEXT PRIMARY KEY,
        revision TEXT NOT NULL,
        bytes BLOB NOT NULL  -- encrypted, where the kind holds secrets
      ) STRICT;
    )"},
};

}  // namespace

std::span<const sql::Migration> migrations() {
  return kMigrations;
}

}  // namespace fieldline::store
