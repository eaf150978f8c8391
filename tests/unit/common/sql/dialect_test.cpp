#include "common/sql/dialect.hpp"

#include <catch2/catch.hpp>

namespace fieldline::sql {
namespace {

std::string postgresql(std::string_view schema) {
  return in_words_of(Dialect::kPostgresql, schema);
}

TEST_CASE("a schema keeps its words for SQLite") {
  const std::string schema = "CREATE TABLE t (x INTEGER, y BLOB) STRICT, WITHOUT ROWID;";
  CHECK(in_words_of(Dialect::kSqlite, schema) == schema);
}

TEST_CASE("types and options of tables become those of PostgreSQL") {
  CHECK(
      postgresql("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NOT NULL, c BLOB, d REAL) STRICT;") ==
      "CREATE TABLE t (a BIGINT PRIMARY KEY, b TEXT COLLATE \"C\" NOT NULL, c BYTEA, d DOUBLE PRECISION) ;");
  CHECK(postgresql("CREATE TABLE t (a INTEGER)\nSTRICT, WITHOUT ROWID;\nINSERT INTO t VALUES (1), (2);") ==
        "CREATE TABLE t (a BIGINT)\n  ;\nINSERT INTO t VALUES (1), (2);");
  CHECK(postgresql("CREATE TABLE t (a INTEGER) WITHOUT ROWID, STRICT") == "CREATE TABLE t (a BIGINT)   ");
}

TEST_CASE("only whole words outside of quotes and comments are replaced") {
  CHECK(postgresql("SELECT 'a TEXT, STRICT' AS \"BLOB\", TEXTS, a_TEXT -- it's TEXT\nFROM t") ==
        "SELECT 'a TEXT, STRICT' AS \"BLOB\", TEXTS, a_TEXT -- it's TEXT\nFROM t");
  CHECK(postgresql("SELECT 'it''s BLOB'") == "SELECT 'it''s BLOB'");
  CHECK(postgresql("'open TEXT") == "'open TEXT");
}

}  // namespace
}  // namespace fieldline::sql
