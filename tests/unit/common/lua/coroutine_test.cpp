#include "tests/unit/common/lua/rig.hpp"

namespace fieldline::lua {

TEST_CASE_METHOD(Rig, "coroutines behave as Lua's own") {
  CHECK(values(R"(
local function numbers(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i, i * i) end return 'end' end) end
local sum = 0
local next = numbers(3)
for _ = 1, 3 do local a, b = next() sum = sum + a + b end
local co = coroutine.create(function(a, ...) local x = coroutine.yield(a + select('#', ...)) error('at ' .. x) end)
local ok1, v = coroutine.resume(co, 1, 2, 3)
local before = coroutine.status(co)
local ok2, message = coroutine.resume(co, 'five')
local ok3, dead = coroutine.resume(co)
return sum, next(), ok1, v, before, ok2, message, ok3, dead, coroutine.status(co))") ==
        Values{std::int64_t{20}, std::string("end"), true, std::int64_t{3}, std::string("suspended"), false,
               std::string("Start:6: at five"), false, std::string("cannot resume dead coroutine"),
               std::string("dead")});
}

TEST_CASE_METHOD(Rig, "a run looks like a main program to itself") {
  CHECK(values("local co, main = coroutine.running() return type(co), main, coroutine.isyieldable(), "
               "coroutine.status(co)") == Values{std::string("thread"), true, false, std::string("running")});
  CHECK(values("return coroutine.wrap(function() local _, main = coroutine.running() return main, "
               "coroutine.isyieldable() end)()") == Values{false, true});
  CHECK(failure("coroutine.yield(1)") == "error: Start:1: attempt to yield from outside a coroutine");
  CHECK(text("return select(2, coroutine.resume(coroutine.running()))") ==
        "\"cannot resume non-suspended coroutine\"");
  CHECK(text("local f f = coroutine.wrap(function() return f() end) return select(2, pcall(f))")
            .find("cannot resume non-suspended coroutine") != std::string::npos);
}

TEST_CASE_METHOD(Rig, "errors of a wrapped coroutine carry the position of the call") {
  CHECK(failure("local f = coroutine.wrap(function() error('inner') end)\nf()") ==
        "error: Start:2: Start:1: inner");
  CHECK(
      text(
          "local e = {} local f = coroutine.wrap(function() error(e) end) return select(2, pcall(f)) == e") ==
      "true");
}

TEST_CASE_METHOD(Rig, "coroutine.close runs what is pending and tells how it went") {
  CHECK(values(R"(
local log = ''
local function pending(name, message)
  local x <close> = setmetatable({}, {__close = function(_, e) log = log .. name if message then error(message, 0) end end})
  coroutine.yield()
end
local a = coroutine.create(pending) coroutine.resume(a, 'a')
local b = coroutine.create(pending) coroutine.resume(b, 'b', 'no')
local ok = coroutine.close(a)
local failed, message = coroutine.close(b)
local fresh = coroutine.close(coroutine.create(print))
local self_close = select(2, pcall(coroutine.close, coroutine.running()))
return log, ok, failed, message, fresh, coroutine.status(a), self_close)") ==
        Values{std::string("ab"), true, false, std::string("no"), true, std::string("dead"),
               std::string("cannot close a running coroutine")});
  CHECK(failure("local outer outer = coroutine.create(function() coroutine.wrap(function() "
                "coroutine.close(outer) end)() end)\n"
                "assert(coroutine.resume(outer))")
            .find("cannot close a running coroutine") != std::string::npos);
}

TEST_CASE_METHOD(Rig, "arguments that are no coroutines are named") {
  CHECK(failure("coroutine.resume(1)") ==
        "error: Start:1: bad argument #1 to 'resume' (coroutine expected, got number)");
  CHECK(failure("coroutine.create(1)") ==
        "error: Start:1: bad argument #1 to 'create' (function expected, got number)");
  CHECK(failure("coroutine.close()").find("coroutine expected") != std::string::npos);
}

}  // namespace fieldline::lua
