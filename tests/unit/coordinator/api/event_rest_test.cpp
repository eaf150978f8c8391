#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "coordinator/api/options.hpp"
#include "coordinator/database/central_events.hpp"
#include "tests/unit/coordinator/api/centre.hpp"

namespace fieldline::api::test {

TEST_CASE("a site that nobody answers for still has what central knows of it") {
  Centre centre([](sql::Database& database, Executor&) {
    REQUIRE(database.write_now([](soci::session& sql) -> Result<> {
      Event event;
      event.message = "b holds something else than central believes";
      event.severity = Severity::kWarning;
      event.time = Timestamp(std::chrono::hours(1));
      database::write_events(sql, {{"north", event}, {"north", event}, {"south", event}});
      return {};
    }));
  });
  centre.put_examples();
  const std::string path = "/api/v1/sites/north/events?limit=1&severity=warning&q=BELIEVES";
  const auto first = centre.get(path);
  const auto second = centre.get(path + "&cursor=" + first.at("next").get<std::string>());
  CHECK(second.at("next") == "");
  for (const auto& page : {first, second}) {
    CHECK(page.at("events").size() == 1);
    REQUIRE(page.at("nodes").size() == 2);
    for (const auto& mark : page.at("nodes")) {
      CHECK(mark.at("asked") == false);
      CHECK_FALSE(mark.at("reason").get<std::string>().empty());
    }
  }
  CHECK(first.at("events").at(0).at("id") != second.at("events").at(0).at("id"));
  CHECK(centre.get("/api/v1/sites/north/events?severity=error").at("events").empty());
  CHECK(centre.call("GET", "/api/v1/sites/south/events").status == 404);
}

TEST_CASE("an event query that can't be understood is refused by the parameter at fault") {
  Centre centre;
  centre.put_examples();
  for (const auto* wrong : {"limit=0", "limit=501", "limit=x", "severity=loud", "category=x", "from=today",
                            "to=1", "cursor=zz", "cursor=00", "word=x", "q=%00"}) {
    INFO(wrong);
    CHECK(centre.call("GET", fmt::format("/api/v1/sites/north/events?{}", wrong)).status == 400);
  }
  // One that nobody gave out, but looks like one: {"":{"page":"x"}}
  CHECK(
      centre.call("GET", "/api/v1/sites/north/events?cursor=" + make_cursor(R"({"":{"page":"x"}})")).status ==
      400);
}

}  // namespace fieldline::api::test
