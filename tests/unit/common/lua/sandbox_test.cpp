#include "tests/unit/common/lua/rig.hpp"

namespace fieldline::lua {

TEST_CASE_METHOD(Rig, "nothing that reaches file, process, network or bytecode exists") {
  for (const auto* name :
       {"io",        "package",        "debug",      "require",      "load",       "loadstring", "loadfile",
        "dofile",    "collectgarbage", "warn",       "string.dump",  "os.execute", "os.exit",    "os.getenv",
        "os.remove", "os.rename",      "os.tmpname", "os.setlocale", "os.date",    "os.difftime"}) {
    INFO(name);
    CHECK(text(std::string("return ") + name + " == nil") == "true");
  }
}

TEST_CASE_METHOD(Rig, "the globals of an empty script are the sandbox and nothing else") {
  CHECK(text("local n = 0 for _ in pairs(_G) do n = n + 1 end return n") == "0");
  CHECK(text("x = 1 local names = '' for k, v in pairs(_G) do names = names .. k .. '=' .. v end return "
             "names") == "\"x=1\"");
  CHECK(text("return _G._G == _G and _G.string == string and _ENV == _G") == "true");
}

TEST_CASE_METHOD(Rig, "the sandbox's names can't be assigned") {
  CHECK(failure("string = 1") == "error: Start:1: 'string' can't be assigned: it belongs to the sandbox");
  CHECK(failure("function print() end") ==
        "error: Start:1: 'print' can't be assigned: it belongs to the sandbox");
  CHECK(failure("_G.pcall = nil") == "error: Start:1: 'pcall' can't be assigned: it belongs to the sandbox");
  CHECK(failure("string.rep = 1") ==
        "error: Start:1: 'string.rep' can't be assigned: string belongs to the sandbox");
  CHECK(failure("shared.x = 1") ==
        "error: Start:1: 'shared.x' can't be assigned: shared belongs to the sandbox");
  CHECK(failure("setmetatable(_G, {})") == "error: Start:1: cannot change a protected metatable");
  CHECK(failure("setmetatable(string, nil)") == "error: Start:1: cannot change a protected metatable");
}

TEST_CASE_METHOD(Rig, "no table behind the sandbox can be got at") {
  CHECK(values("return getmetatable(_G), getmetatable(string), getmetatable('')") ==
        Values{false, false, false});
  CHECK(text("for k, v in pairs(math) do if k == 'pi' then return v end end") == "3.141592653589793");
  CHECK(text("local f, view, key = pairs(math) return view == nil and key == nil") == "true");
  CHECK(failure("for _, v in pairs(_G) do end local f = pairs(string) f(nil, 1)").starts_with("error: "));
}

TEST_CASE_METHOD(Rig, "what a script breaks in its own view stays its own") {
  run("rawset(string, 'upper', function() return 'mine' end)");
  CHECK(text("return ('a'):upper() .. string.upper('b')") == "\"AB\"");
}

TEST_CASE_METHOD(Rig, "metatables work as scripts use them") {
  CHECK(values(R"(
local Pump = {} ; Pump.__index = Pump
function Pump.new(name) return setmetatable({name = name}, Pump) end
function Pump:title() return 'pump ' .. self.name end
Pump.__tostring = Pump.title
Pump.__eq = function(a, b) return a.name == b.name end
Pump.__lt = function(a, b) return a.name < b.name end
Pump.__len = function(a) return #a.name end
Pump.__call = function(a, x) return a.name .. x end
Pump.__concat = function(a, b) return 'cat' end
local Booster = setmetatable({}, {__index = Pump}) ; Booster.__index = Booster
local b = setmetatable({name = 'B'}, Booster)
function Pump.late() return 'late' end
local p = Pump.new('P1')
return p:title(), tostring(p), p == Pump.new('P1'), p < Pump.new('P2'), #p, p('x'), p .. 'y', b:title(), b.late(),
       getmetatable(p) == Pump, getmetatable(b) == Booster, getmetatable({}))") ==
        Values{std::string("pump P1"), std::string("pump P1"), true, true, std::int64_t{2},
               std::string("P1x"), std::string("cat"), std::string("pump B"), std::string("late"), true, true,
               std::monostate()});
  CHECK(failure("setmetatable(setmetatable({}, {__metatable = 'no'}), {})") ==
        "error: Start:1: cannot change a protected metatable");
  CHECK(text("return getmetatable(setmetatable({}, {__metatable = 'no'}))") == "\"no\"");
  CHECK(text("local t = setmetatable({}, {__index = {x = 1}}) setmetatable(t, nil) return t.x") == "(none)");
}

TEST_CASE_METHOD(Rig, "a metamethod that is added later counts from the next setmetatable with it") {
  CHECK(
      values(
          "local M = {} local a = setmetatable({}, M)\nM.__call = function() return 1 end\n"
          "local before = pcall(a)\nlocal b = setmetatable({}, M)\nreturn before, (pcall(a)), (pcall(b))") ==
      Values{false, true, true});
}

TEST_CASE_METHOD(Rig, "finalizers and weak tables are refused") {
  CHECK(failure("setmetatable({}, {__gc = print})") == "error: Start:1: __gc isn't available to scripts");
  CHECK(failure("setmetatable({}, {__mode = 'k'})") == "error: Start:1: __mode isn't available to scripts");
  CHECK(text("local m = {} local t = setmetatable({}, m) m.__gc = function() print('ran') end t = nil\n"
             "local s = '' for i = 1, 20000 do s = ('x'):rep(100) .. i end return 'end'") == "\"end\"");
  CHECK(printed.empty());
}

TEST_CASE_METHOD(Rig, "metatables are collected with the last table that has them") {
  auto script = load("for i = 1, 1000 do setmetatable({}, {__index = {tag = ('x'):rep(200) .. i}}) end");
  std::size_t most = 0;
  for (int run = 0; run < 100; ++run) {
    done(script.start());
    most = std::max(most, script.memory());
  }
  CHECK(most < 2'000'000);
}

TEST_CASE_METHOD(Rig, "os has the injected clock and nothing else") {
  CHECK(text("return os.time()") == "1800000000");
  CHECK(text("return os.clock()") == "0");
  CHECK(failure("os.time({year = 2000, month = 1, day = 1})") ==
        "error: Start:1: os.time takes no arguments here");
}

}  // namespace fieldline::lua
