#include <stdexcept>

#include "tests/unit/common/lua/rig.hpp"

namespace fieldline::lua {
namespace {

struct Host : Rig {
  std::vector<std::string> asked;
  std::vector<Script> sleeping;

  Host() {
    library.immediate("attributes.get", [this](const Values& arguments) -> Result<Values> {
      asked.push_back(to_text(arguments.at(0)));
      if (arguments[0] == Value("Level")) return Values{2.5};
      return fail(ErrorCode::kNotFound, "no attribute is named " + to_text(arguments[0]));
    });
    library.immediate("breaks",
                      [](const Values&) -> Result<Values> { throw std::runtime_error("wire cut"); });
    library.immediate("wide", [](const Values&) -> Result<Values> { return Values(65, true); });
    library.immediate("long",
                      [](const Values&) -> Result<Values> { return Values{std::string(2 << 20, 'x')}; });
    library.immediate("slow", [this](const Values&) -> Result<Values> {
      clock.advance(std::chrono::seconds(1));
      return Values{};
    });
    library.awaiting("sleep", [this](const Values& arguments) -> Result<std::variant<Values, Request>> {
      asked.push_back("sleep");
      if (arguments.empty()) return fail(ErrorCode::kInvalid, "sleep needs a duration");
      return Request{7};
    });
    library.awaiting("attributes.set", [](const Values& arguments) -> Result<std::variant<Values, Request>> {
      if (arguments.at(0) == Value("Bound")) return Request{8};
      return Values{true};
    });
  }

  Script waiting(std::string source) {
    auto script = load(std::move(source));
    const auto outcome = script.start();
    if (const auto* failure = std::get_if<Failed>(&outcome)) FAIL(describe(*failure));
    REQUIRE(std::holds_alternative<Waiting>(outcome));
    REQUIRE(script.waiting());
    return script;
  }
};

}  // namespace

TEST_CASE_METHOD(Host, "a host function answers at once") {
  CHECK(values("return attributes.get('Level') * 2") == Values{5.0});
  CHECK(asked == std::vector<std::string>{"\"Level\""});
}

TEST_CASE_METHOD(Host, "a host function's error is raised at the line of the call, for the script to catch") {
  CHECK(failure("local x = 1\nattributes.get('Lvel')") == "error: Start:2: no attribute is named \"Lvel\"");
  CHECK(text("return select(2, pcall(function() attributes.get('Lvel') end))") ==
        "\"Start:1: no attribute is named \"Lvel\"\"");
}

TEST_CASE_METHOD(Host, "what the host throws, or can't be passed, becomes a Lua error") {
  CHECK(failure("breaks()") == "error: Start:1: the host failed: wire cut");
  CHECK(failure("wide()") == "error: Start:1: more than 64 values");
  CHECK(failure("long()") == "error: Start:1: a string of 2048 KiB is too long for a script");
  CHECK(failure("attributes.get({})") ==
        "error: Start:1: bad argument: a table, where only nil, booleans, numbers and strings can pass");
  CHECK(failure("attributes.get()") ==
        "error: Start:1: the host failed: vector::_M_range_check: __n (which is 0) >= "
        "this->size() (which is 0)");
}

TEST_CASE_METHOD(Host, "a call that waits gives the run up to the host and goes on with its answer") {
  auto script = load("local a = sleep(1)\nlocal b, c = sleep(2)\nreturn a, b, c");
  CHECK(std::get<Waiting>(script.start()).request == Request{7});
  CHECK(script.waiting());
  CHECK(std::holds_alternative<Waiting>(script.resume(Values{std::string("one")})));
  CHECK(done(script.resume(Values{2.0, true})) == Values{std::string("one"), 2.0, true});
  CHECK(!script.waiting());
}

TEST_CASE_METHOD(Host, "the same function may answer at once or wait") {
  CHECK(values("return attributes.set('Free', 1)") == Values{true});
  auto script = load("return attributes.set('Bound', 1)");
  CHECK(std::get<Waiting>(script.start()).request == Request{8});
  CHECK(done(script.resume(Values{false})) == Values{false});
}

TEST_CASE_METHOD(Host, "an error that the host answers is raised where the run waited") {
  auto script = waiting("local x = 1\nsleep(1)");
  CHECK(describe(failed(script.resume(fail(ErrorCode::kTimeout, "no answer from the device")))) ==
        "error: Start:2: no answer from the device");
  auto catching = waiting("local ok, message = pcall(sleep, 1)\nreturn ok, message");
  CHECK(done(catching.resume(fail(ErrorCode::kTimeout, "no answer"))) ==
        Values{false, std::string("no answer")});
  CHECK(failure("sleep()") == "error: Start:1: sleep needs a duration");
}

TEST_CASE_METHOD(Host, "a run waits from within pcall, loops, iterators and metamethods") {
  auto script = waiting(R"(
local slow = setmetatable({}, {__index = function(_, key) return sleep(1) .. key end, __add = function() return sleep(1) end})
local ok, a = pcall(function() return slow.x end)
local b = slow + 1
local c = 0
for n in function(_, n) return sleep(1) end do c = c + n; if n == 2 then break end end
return a, b, c)");
  CHECK(std::holds_alternative<Waiting>(script.resume(Values{std::string("a")})));
  CHECK(std::holds_alternative<Waiting>(script.resume(Values{std::string("b")})));
  CHECK(std::holds_alternative<Waiting>(script.resume(Values{std::int64_t{1}})));
  CHECK(done(script.resume(Values{std::int64_t{2}})) ==
        Values{std::string("ax"), std::string("b"), std::int64_t{3}});
}

TEST_CASE_METHOD(Host, "a wait inside the script's own coroutines passes through them") {
  auto script = waiting(R"(
local inner = coroutine.create(function(x)
  local answer = coroutine.wrap(function() return sleep(1) .. '!' end)()
  local y = coroutine.yield(answer)
  return sleep(y)
end)
local _, first = coroutine.resume(inner, 1)
local _, second = coroutine.resume(inner, 2)
return first, second, coroutine.status(inner))");
  CHECK(std::holds_alternative<Waiting>(script.resume(Values{std::string("one")})));
  CHECK(done(script.resume(Values{std::string("two")})) ==
        Values{std::string("one!"), std::string("two"), std::string("dead")});
}

TEST_CASE_METHOD(Host, "an error answered to a coroutine is that coroutine's error") {
  auto script = waiting("return coroutine.resume(coroutine.create(function() sleep(1) end))");
  CHECK(done(script.resume(fail(ErrorCode::kTimeout, "late"))) ==
        Values{false, std::string("Start:1: late")});
}

TEST_CASE_METHOD(Host, "a wait where Lua can't is refused before the host hears of it") {
  add_module("waits", "sleep(1) return {}");
  for (const auto* source :
       {"table.sort({1, 2}, function() return sleep(1) end)",
        "string.gsub('a', 'a', function() sleep(1) end)",
        "tostring(setmetatable({}, {__tostring = function() sleep(1) end}))", "return shared.waits",
        "string.gsub('a', 'a', coroutine.wrap(function() sleep(1) end))"}) {
    INFO(source);
    CHECK(failure(source).find("sleep waits, which can't be done from here") != std::string::npos);
  }
  CHECK(asked.empty());
}

TEST_CASE_METHOD(Host, "a run that is given up runs its closes, and the next starts clean") {
  auto script = waiting(
      "if given_up then return given_up end\n"
      "local x <close> = setmetatable({}, {__close = function() given_up = 'closed' end})\nsleep(1)");
  script.cancel();
  CHECK(!script.waiting());
  CHECK(done(script.start()) == Values{std::string("closed")});
}

TEST_CASE_METHOD(Host, "a coroutine left over from a run that was given up can't take another's answer") {
  auto script = waiting(
      "if co then return coroutine.resume(co, 'stolen') end\n"
      "co = coroutine.create(function() return sleep(1) end)\ncoroutine.resume(co)");
  script.cancel();
  CHECK(done(script.start()) ==
        Values{false, std::string("Start:2: the run that waited for this was given up")});
}

TEST_CASE_METHOD(Host, "time spent waiting is free, time spent in the host is not") {
  auto script = waiting("sleep(1) return 'done'");
  clock.advance(std::chrono::hours(1));
  CHECK(done(script.resume(Values{})) == Values{std::string("done")});
  CHECK(failed(run("slow()")).kind == FailureKind::kTime);
}

TEST_CASE_METHOD(Host, "a script that waits is thrown away without running anything of it") {
  waiting("local x <close> = setmetatable({}, {__close = function() print('closed') end})\nsleep(1)");
  CHECK(printed.empty());
}

}  // namespace fieldline::lua
