#include <thread>

#include "tests/unit/common/lua/rig.hpp"

namespace fieldline::lua {

TEST_CASE_METHOD(Rig, "values go into a script and come back as what they were") {
  const Values given = {std::monostate(), true, std::int64_t{-42}, 2.5, std::string("a\0b", 3)};
  CHECK(values("return ...", given) == given);
  CHECK(values("return math.maxinteger, 1e300, -0.0") == Values{INT64_MAX, 1e300, -0.0});
}

TEST_CASE_METHOD(Rig, "a timestamp reaches Lua as an RFC 3339 string") {
  CHECK(text("return type(...) .. ' ' .. ...", {Timestamp(std::chrono::seconds(1'800'000'000))}) ==
        "\"string 2027-01-15T08:00:00.000000Z\"");
}

TEST_CASE_METHOD(Rig, "a value without counterpart can't leave the script") {
  CHECK(failure("return {}") ==
        "error: Start: returned a table, where only nil, booleans, numbers and strings can pass");
  CHECK(failure("return print") ==
        "error: Start: returned a function, where only nil, booleans, numbers and strings can pass");
  CHECK(failure("return table.unpack({}, 1, 65)") ==
        "error: Start: returned 65 values, where at most 64 can pass");
}

TEST_CASE_METHOD(Rig, "what leaves a script is UTF-8, whatever bytes it works with") {
  CHECK(failure("return '\\xff'") == "error: Start: returned a string that isn't UTF-8");
  CHECK(failure("error('bad \\xff byte', 0)") == "error: Start:1: bad ? byte");
  CHECK(failed(run("error(('€'):rep(2000), 0)")).error.message.size() == 4095);
  run("print('a\\xff')");
  CHECK(printed == std::vector<std::string>{"a?"});
}

TEST_CASE_METHOD(Rig, "globals last from run to run") {
  auto script = load("count = (count or 0) + 1; return count");
  CHECK(done(script.start()) == Values{std::int64_t{1}});
  CHECK(done(script.start()) == Values{std::int64_t{2}});
}

TEST_CASE_METHOD(Rig, "scripts share nothing") {
  auto one = load("secret = 1; return secret");
  auto other = load("return secret");
  CHECK(done(one.start()) == Values{std::int64_t{1}});
  CHECK(done(other.start()) == Values{std::monostate()});
}

TEST_CASE_METHOD(Rig, "a script that doesn't compile isn't loaded") {
  program.source = "local = 1";
  const auto script = Script::load(program, std::make_shared<Library>(), clock, [](std::string_view) {});
  REQUIRE(!script);
  CHECK(script.error().where == "Start:1");
}

TEST_CASE_METHOD(Rig, "an error names its line, its message and the calls that led there") {
  const auto failure =
      failed(run("local function fill(level)\n  error('too high: ' .. level)\nend\nlocal function step()\n"
                 "  fill(3)\n  return 1\nend\nstep()\nreturn 2"));
  CHECK(failure.kind == FailureKind::kError);
  CHECK(failure.error.where == "Start:2");
  CHECK(failure.error.message == "too high: 3");
  CHECK(failure.traceback ==
        "in the function 'error'\nStart:2: in upvalue 'fill'\nStart:5: in local 'step'\nStart:8: in the main "
        "chunk");
}

TEST_CASE_METHOD(Rig, "an error of Lua's own names its line too") {
  CHECK(failure("local a\nreturn a.b") == "error: Start:2: attempt to index a nil value (local 'a')");
}

TEST_CASE_METHOD(Rig, "an error object that is no message is told by its type, and nothing of it runs") {
  CHECK(failure("error(nil)") == "error: Start:1: raised a nil value instead of a message");
  CHECK(failure("error({})") == "error: Start:1: raised a table value instead of a message");
  CHECK(failure("error(setmetatable({}, {__tostring = function() while true do end end}))") ==
        "error: Start:1: raised a table value instead of a message");
  CHECK(failure("error(12)") == "error: Start:1: 12");
  CHECK(failure("error('x:y: z', 0)") == "error: Start:1: x:y: z");
}

TEST_CASE_METHOD(Rig, "a message is cut at its limit") {
  CHECK(failed(run("error(('x'):rep(100000), 0)")).error.message.size() == 4096);
}

TEST_CASE_METHOD(Rig, "an error leaves the globals and the script usable") {
  auto script = load("count = (count or 0) + 1; if count == 1 then error('once') end; return count");
  CHECK(failed(script.start()).error.message == "once");
  CHECK(done(script.start()) == Values{std::int64_t{2}});
}

TEST_CASE_METHOD(Rig, "pending closes run when a run fails") {
  auto script = load(
      "closed = closed or 0\nif closed > 0 then return closed end\n"
      "local x <close> = setmetatable({}, {__close = function() closed = closed + 1 end})\nerror('out')");
  CHECK(failed(script.start()).error.message == "out");
  CHECK(done(script.start()) == Values{std::int64_t{1}});
}

TEST_CASE_METHOD(Rig, "print goes to the host, a line at a time") {
  run("print('level', 3.5, nil, true)\nprint()\nprint(('x'):rep(10000))");
  REQUIRE(printed.size() == 3);
  CHECK(printed[0] == "level\t3.5\tnil\ttrue");
  CHECK(printed[1].empty());
  CHECK(printed[2].size() == 4096);
}

TEST_CASE_METHOD(Rig, "a shared script is loaded once, when it is first named") {
  add_module(
      "tanks",
      "loads = (loads or 0) + 1\nlocal M = {}\nfunction M.volume(r, h) return 3 * r * r * h end\nreturn M");
  CHECK(values("local a = loads; return a, shared.tanks.volume(1, 2), shared.tanks.volume(2, 1), loads") ==
        Values{std::monostate(), std::int64_t{6}, std::int64_t{12}, std::int64_t{1}});
}

TEST_CASE_METHOD(Rig, "shared scripts may use each other, but not themselves") {
  add_module("a", "return {twice = function(x) return shared.b.plus(x, x) end}");
  add_module("b", "return {plus = function(x, y) return x + y end}");
  add_module("knot", "return {inner = shared.loop}");
  add_module("loop", "return {inner = shared.knot}");
  add_module("nothing", "local x = 1");
  CHECK(text("return shared.a.twice(4)") == "8");
  CHECK(failure("return shared.knot") == "error: shared.loop:1: shared.knot needs itself to load");
  CHECK(failure("return shared.nothing") == "error: Start:1: shared.nothing returns nothing");
  CHECK(failure("return shared.absent") == "error: Start:1: no shared script is named 'absent'");
  // A failure in the middle of loading doesn't stay.
  CHECK(text("local ok = pcall(function() return shared.knot end)\nreturn select(2, pcall(function() return "
             "shared.knot end))") == "\"shared.loop:1: shared.knot needs itself to load\"");
}

TEST_CASE_METHOD(Rig, "a shared script that doesn't compile is named with its line") {
  add_module("bad", "local x =");
  program.source = "return 1";
  const auto script = Script::load(program, std::make_shared<Library>(), clock, [](std::string_view) {});
  REQUIRE(!script);
  CHECK(script.error().where == "shared.bad:1");
}

TEST_CASE_METHOD(Rig, "a memory limit below the empty sandbox is told at the first run") {
  program.budget.memory = 10'000;
  const auto failure = failed(run("return 1"));
  CHECK(failure.kind == FailureKind::kMemory);
  CHECK(failure.error.code == ErrorCode::kExhausted);
}

TEST_CASE_METHOD(Rig, "scripts of one library run on many threads at once") {
  library.immediate("twice", [](const Values& arguments) -> Result<Values> {
    return Values{std::get<std::int64_t>(arguments.at(0)) * 2};
  });
  add_module("sum", "return function(n) local s = 0 for i = 1, n do s = s + twice(i) end return s end");
  program.source = "return shared.sum(1000)";
  program.budget.time = std::chrono::minutes(1);  // by the clock of a machine that may have other work
  const SystemClock system;
  const auto shared_library = std::make_shared<const Library>(library);
  std::vector<std::int64_t> sums(4);
  std::vector<std::thread> threads;
  for (auto& sum : sums) {
    threads.emplace_back([&] {
      auto script = Script::load(program, shared_library, system, [](std::string_view) {});
      for (int run = 0; run < 20; ++run) {
        const auto outcome = script->start();
        if (const auto* end = std::get_if<Done>(&outcome)) sum += std::get<std::int64_t>(end->values.at(0));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(sums == std::vector<std::int64_t>(4, 20 * 1'001'000));
}

TEST_CASE_METHOD(Rig, "a script moves with its state") {
  auto script = load("n = (n or 0) + 1; return n");
  script.start();
  auto moved = std::move(script);
  CHECK(done(moved.start()) == Values{std::int64_t{2}});
  script = load("return 'other'");
  script = std::move(moved);
  CHECK(done(script.start()) == Values{std::int64_t{3}});
}

}  // namespace fieldline::lua
