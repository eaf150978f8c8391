#include "agent/journal/statement.hpp"

#include <catch2/catch.hpp>

#include "common/sql/session.hpp"

using fieldline::journal::Statement;

TEST_CASE("a statement left in mid-read is as new for the next one of its text") {
  constexpr auto kText = "SELECT column1 FROM (VALUES (1), (2), (3)) WHERE column1 > ?";
  auto session = fieldline::sql::Session::open("sqlite::memory:");
  REQUIRE(session);
  auto& sql = session->soci();
  {
    Statement rows(sql, kText);
    REQUIRE(rows.bind(1).step());
    CHECK(rows.integer(0) == 2);

    Statement beside(sql, kText);
    REQUIRE(beside.bind(2).step());
    CHECK(beside.integer(0) == 3);
    REQUIRE(rows.step());
    CHECK(rows.integer(0) == 3);
  }
  Statement unbound(sql, kText);
  CHECK_FALSE(unbound.step());
  REQUIRE(unbound.bind(0).step());
  CHECK(unbound.integer(0) == 1);
}
