// Migration 1 of the coordinator's database.
#pragma once

#include <string_view>

namespace fieldline::database {

inline constexpr std::string_view kDocumentsSchema = R"sql(
CREATE TABLE documents (
  kind       TEXT    NOT NULL,
  name       TEXT    NOT NULL,
  revision   TEXT    NOT NULL,  -- hash of body
  body       TEXT    NOT NULL,  -- canonical JSON
  changed_at INTEGER NOT NULL,  -- UTC microseconds
  changed_by TEXT    NOT NULL,
  PRIMARY KEY (kind, name)
) WITHOUT ROWID;
)sql";

}  // namespace fieldline::database
