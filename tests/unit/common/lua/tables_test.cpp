#include <optional>

#include "common/lua/limits.hpp"
#include "tests/unit/common/lua/rig.hpp"

namespace fieldline::lua {
namespace {

struct Outside : Rig {
  std::optional<Json> asked;

  Outside() {
    library.asking("ask", [this](Json arguments) -> Result<Request> {
      asked = std::move(arguments);
      return Request{1};
    });
  }

  // What reaches the host of "ask(…)".
  Json given(const std::string& arguments) {
    const auto outcome = run("ask(" + arguments + ")");
    if (const auto* failure = std::get_if<Failed>(&outcome)) FAIL(describe(*failure));
    return asked.value();
  }
  std::string refused(const std::string& arguments) {
    asked.reset();
    auto why = failure("ask(" + arguments + ")");
    CHECK_FALSE(asked.has_value());
    return why;
  }
  // What `expression` makes of the answer, which it calls a.
  std::string seen(const std::string& answer, const std::string& expression) {
    auto script = load("local a = ask(); return " + expression);
    REQUIRE(std::holds_alternative<Waiting>(script.start()));
    const auto values = done(script.resume(Json::parse(answer)));
    return values.empty() ? "" : to_text(values.front());
  }
};

}  // namespace

TEST_CASE_METHOD(Outside, "a table reaches the host as JSON") {
  CHECK(given("'erp', {a = 1, b = {2.5, 'x', true}}") ==
        Json::parse(R"(["erp", {"a": 1, "b": [2.5, "x", true]}])"));
  CHECK(given("{}, nil") == Json::parse("[{}, null]"));
  CHECK(given("setmetatable({1}, {__index = error, __len = error, __pairs = error})") ==
        Json::parse("[[1]]"));
}

TEST_CASE_METHOD(Outside, "a table that JSON can't hold is refused before the host hears of it") {
  CHECK_THAT(refused("{1, 2, x = 3}"), Catch::Contains("keys"));
  CHECK_THAT(refused("{[1.5] = 1}"), Catch::Contains("neither a text"));
  CHECK_THAT(refused("{1, 2, nil, 4}"), Catch::Contains("gaps"));
  CHECK_THAT(refused("{a = 0/0}"), Catch::Contains("not finite"));
  CHECK_THAT(refused("{a = print}"), Catch::Contains("a function"));
  CHECK_THAT(refused("{a = '\\xff'}"), Catch::Contains("UTF-8"));
  CHECK_THAT(failure("local t = {} t.t = t ask(t)"), Catch::Contains("deep"));
  CHECK_THAT(failure("local t = {} for i = 1, 40 do t[i] = ('x'):rep(50000) end ask(t)"),
             Catch::Contains("KiB of text"));
}

TEST_CASE_METHOD(Outside, "an answer comes back as tables") {
  CHECK(seen(R"({"rows": [{"n": 5, "t": "x"}, {"n": 6.5, "t": null}]})",
             "a.rows[1].n + a.rows[2].n .. a.rows[1].t .. tostring(a.rows[2].t) .. #a.rows") ==
        "\"11.5xnil2\"");
  CHECK(seen("18446744073709551615", "math.type(a)") == "\"float\"");
  CHECK(seen("null", "a == nil") == "true");
}

TEST_CASE_METHOD(Outside, "an answer too deep or too long for a script is an error that it can catch") {
  auto script = load("local ok, why = pcall(ask); return why");
  REQUIRE(std::holds_alternative<Waiting>(script.start()));
  Json deep;
  for (int i = 0; i < kMaxTableDepth + 2; ++i) deep = Json::array({deep});
  CHECK_THAT(to_text(done(script.resume(deep)).front()), Catch::Contains("deep"));
  REQUIRE(std::holds_alternative<Waiting>(script.start()));
  CHECK_THAT(to_text(done(script.resume(Json(std::string(kMaxBlockBytes, 'x')))).front()),
             Catch::Contains("too long"));
}

TEST_CASE_METHOD(Outside, "an answer that fills the memory of a script ends its run") {
  program.budget.memory = 512 * 1024;
  auto script = load("local a = ask()");
  REQUIRE(std::holds_alternative<Waiting>(script.start()));
  auto rows = Json::array();
  for (int i = 0; i < 20'000; ++i) rows.push_back({{"n", i}});
  CHECK(failed(script.resume(std::move(rows))).kind == FailureKind::kMemory);
}

TEST_CASE_METHOD(Outside, "a function that asks is refused where a script can't wait") {
  CHECK_THAT(failure("table.sort({1, 2, 3}, function() ask() end)"), Catch::Contains("ask waits"));
}

}  // namespace fieldline::lua
