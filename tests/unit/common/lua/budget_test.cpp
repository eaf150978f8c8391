#include "common/base/time.hpp"
#include "common/lua/limits.hpp"
#include "tests/unit/common/lua/rig.hpp"

namespace fieldline::lua {

using std::chrono::milliseconds;

TEST_CASE_METHOD(Rig, "a run over its instructions is stopped, with its line and stack") {
  program.budget.instructions = 100'000;
  const auto failure = failed(run("local function spin()\n  while true do end\nend\npcall(spin)"));
  CHECK(failure.kind == FailureKind::kTime);
  CHECK(failure.error.code == ErrorCode::kTimeout);
  CHECK(failure.error.where == "Start:2");
  CHECK(failure.error.message == "ran for more than 100000 instructions");
  CHECK(failure.traceback.find("Start:2: in ") == 0);
  CHECK(failure.traceback.find("Start:4: in the main chunk") != std::string::npos);
}

TEST_CASE_METHOD(Rig, "a run over its time is stopped") {
  clock = TickingClock(milliseconds(1));
  program.budget.time = milliseconds(20);
  const auto failure = failed(run("while true do end"));
  CHECK(describe(failure) == "time: Start:1: ran for more than 20ms");
}

TEST_CASE_METHOD(Rig, "a run over its memory is stopped, with its line") {
  program.budget.memory = 1'000'000;
  const auto failure = failed(run("local t = {}\nfor i = 1, 1e9 do t[i] = 'item ' .. i end"));
  CHECK(failure.kind == FailureKind::kMemory);
  CHECK(failure.error.code == ErrorCode::kExhausted);
  CHECK(failure.error.where == "Start:2");
  CHECK(failure.error.message ==
        "needs more than 976 KiB of memory, or a string, table or call stack over 1024 KiB");
}

TEST_CASE_METHOD(Rig, "each run has the whole of its budget, all its resumes together one") {
  program.budget.instructions = 200'000;
  library.awaiting("sleep",
                   [](const Values&) -> Result<std::variant<Values, Request>> { return Request{1}; });
  auto script = load("for i = 1, 50000 do end");
  for (int i = 0; i < 10; ++i) CHECK(std::holds_alternative<Done>(script.start()));
  auto resumed = load("while true do for i = 1, 30000 do end sleep() end");
  auto outcome = resumed.start();
  int waits = 0;
  while (std::holds_alternative<Waiting>(outcome) && waits < 100) {
    ++waits;
    outcome = resumed.resume(Values{});
  }
  CHECK(failed(outcome).kind == FailureKind::kTime);
  CHECK(waits < 8);
}

TEST_CASE_METHOD(Rig, "a broken budget takes the globals along, and the next run starts from the source") {
  program.budget.instructions = 100'000;
  auto script = load("count = (count or 0) + 1\nif count == 2 then while true do end end\nreturn count");
  CHECK(done(script.start()) == Values{std::int64_t{1}});
  CHECK(failed(script.start()).kind == FailureKind::kTime);
  CHECK(script.memory() == 0);
  CHECK(done(script.start()) == Values{std::int64_t{1}});
}

TEST_CASE_METHOD(Rig, "nothing of the script runs once it is killed") {
  program.budget.instructions = 100'000;
  const auto failure = failed(run(R"(
local function shout(what) return function() print(what) end end
local x <close> = setmetatable({}, {__close = shout('close')})
xpcall(function()
  local y <close> = setmetatable({}, {__close = shout('inner close')})
  coroutine.wrap(function()
    local z <close> = setmetatable({}, {__close = shout('coroutine close')})
    while true do end
  end)()
end, shout('handler'))
print('after'))"));
  CHECK(failure.kind == FailureKind::kTime);
  CHECK(failure.error.where == "Start:8");
  CHECK(printed.empty());
}

TEST_CASE_METHOD(Rig, "a killed close of a cancelled run takes the state along") {
  program.budget.instructions = 100'000;
  library.awaiting("sleep",
                   [](const Values&) -> Result<std::variant<Values, Request>> { return Request{1}; });
  auto script = load(
      "n = (n or 0) + 1 if n > 1 then return n end\n"
      "local x <close> = setmetatable({}, {__close = function() while true do end end})\nsleep()");
  CHECK(std::holds_alternative<Waiting>(script.start()));
  script.cancel();
  CHECK(script.memory() == 0);
  CHECK(std::holds_alternative<Waiting>(script.start()));
}

TEST_CASE_METHOD(Rig, "the work of C functions counts") {
  program.budget.instructions = 1'000'000;
  // A hundred thousand rounds would take hours if each counted as a few instructions.
  for (const std::string work :
       {"s:upper()", "s:reverse()", "s:rep(2)", "s:find('b', 1, true)", "s:find('b*c')", "table.concat(t)",
        "table.move(t, 1, #t, 2)", "table.unpack(t)", "table.sort(t)",
        "table.insert(t, 1, 'x') table.remove(t, 1)", "utf8.len(s)", "s:gsub('a', 'b')",
        "string.format('%q', s)", "s:byte(1, 5000)", "tonumber(s)"}) {
    INFO(work);
    const auto outcome =
        run("local s = ('a'):rep(300000)\nlocal t = {}\nfor i = 1, 5000 do t[i] = 'x' .. i end\n"
            "for _ = 1, 100000 do " +
            work + " end");
    CHECK(failed(outcome).kind == FailureKind::kTime);
  }
}

TEST_CASE_METHOD(Rig, "memory that is garbage is collected before the limit counts") {
  program.budget.memory = 1'000'000;
  program.budget.instructions = 100'000'000;
  CHECK(text("local s for i = 1, 20000 do s = ('x'):rep(1000) .. i end return #s") == "1005");
  CHECK(text("for i = 1, 20 do local s = ('x'):rep(400000) end return 'fits'") == "\"fits\"");
}

TEST_CASE_METHOD(Rig, "the time of a run is what it executed") {
  library.immediate("work", [this](const Values&) -> Result<Values> {
    clock.advance(milliseconds(5));
    return Values{};
  });
  library.awaiting("sleep",
                   [](const Values&) -> Result<std::variant<Values, Request>> { return Request{1}; });
  auto script = load("work() sleep() work()");
  script.start();
  clock.advance(milliseconds(500));
  script.resume(Values{});
  CHECK(script.time() == milliseconds(10));
}

}  // namespace fieldline::lua
