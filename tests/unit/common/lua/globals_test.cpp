#include "common/lua/globals.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/lua/compile.hpp"
#include "common/lua/global_uses.hpp"

namespace Catch {
template <>
struct StringMaker<fieldline::lua::GlobalUse> {
  static std::string convert(const fieldline::lua::GlobalUse& use) {
    return use.name + (use.assigned ? "=" : "") + ":" + std::to_string(use.line);
  }
};
template <>
struct StringMaker<fieldline::lua::GlobalProblem> {
  static std::string convert(const fieldline::lua::GlobalProblem& problem) {
    return std::to_string(static_cast<int>(problem.fault)) + " " + problem.name + ":" +
           std::to_string(problem.line);
  }
};
}  // namespace Catch

namespace fieldline::lua {
namespace {

// "a b= c": read, assigned, read.
std::string uses_of(const std::string& source) {
  INFO(source);
  CHECK(compile(source, "t"));
  const auto uses = global_uses(source);
  REQUIRE(uses);
  std::string text;
  for (const auto& use : *uses) text += (text.empty() ? "" : " ") + use.name + (use.assigned ? "=" : "");
  return text;
}

using Problems = std::vector<GlobalProblem>;

}  // namespace

TEST_CASE("a name that nothing local stands for is a global") {
  CHECK(uses_of("x = y") == "y x=");
  CHECK(uses_of("local x = x; x = x") == "x");
  CHECK(uses_of("local a <const>, b <close> = 1, nil; return a, b, c") == "c");
  CHECK(uses_of("a.b, c[d], e = f()") == "a c d f e=");
  CHECK(uses_of("a.b.c:d(e){f = g, [h] = i; j}'k'") == "a e g h i j");
  CHECK(uses_of("return {x == y, x = y}, #a, not b, -c, ~d, (e), ...") == "x y y a b c d e");
  CHECK(uses_of("return a==b, a~=b, a<=b, a>=b, a<<b, a>>b, a//b, a..b, a~b, a^b, a and b or c") ==
        "a b a b a b a b a b a b a b a b a b a b a b c");
  CHECK(uses_of("f'x' f{y} f[[z]].g()") == "f f y f");
}

TEST_CASE("scopes begin and end where Lua's do") {
  CHECK(uses_of("do local x end return x") == "x");
  CHECK(uses_of("if a then local x = 1 elseif x then local y else return x, y end") == "a x x y");
  CHECK(uses_of("while x do local x = x end return x") == "x x x");
  CHECK(uses_of("repeat local x until x return x") == "x");
  CHECK(uses_of("for i = i, n do local x = i end return i") == "i n i");
  CHECK(uses_of("for k, v in pairs(k) do print(k, v) end") == "pairs k print");
  CHECK(uses_of("local function f() return f end return f") == "");
  CHECK(uses_of("local f = function() return f end") == "f");
  CHECK(uses_of("function f(a, ...) return a, b, ... end return a") == "f= b a");
  CHECK(uses_of("local t = {} function t.a.b(x) return self, x end function t:m(y) return self, y end") ==
        "self");
  CHECK(uses_of("function t.a() end function g() end") == "t g=");
  CHECK(uses_of("local x; do local x end return x") == "");
  CHECK(uses_of("goto done; do local goto_x = 1 end ::done:: break_x = 1") == "break_x=");
  CHECK(uses_of("for i = 1, 2 do if i then break end; goto next ::next:: end return") == "");
  CHECK(
      uses_of("local function outer() local up = 1 return function() up = up + down end end return outer") ==
      "down");
}

TEST_CASE("names under an environment of the script's own are no globals") {
  CHECK(uses_of("local _ENV = {x = 1}; y = x") == "");
  CHECK(uses_of("local function f(_ENV) return x end return f({}), x") == "x");
  CHECK(uses_of("return _ENV.x, _G.y") == "_ENV _G");
}

TEST_CASE("what Lua compiles is understood, and nothing makes the walk fail or hang") {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(FIELDLINE_HOSTILE_SCRIPTS)) {
    std::ifstream file(entry.path());
    std::stringstream text;
    text << file.rdbuf();
    INFO(entry.path());
    const auto source = text.str();
    CHECK(global_uses(source).has_value() == compile(source, "t").has_value());
    for (std::size_t end = 0; end < std::min<std::size_t>(source.size(), 2000); ++end) {
      if (compile(source.substr(0, end), "t")) CHECK(global_uses(source.substr(0, end)).has_value());
    }
    ++files;
  }
  CHECK(files > 5);
  const auto nest = [](const std::string& open, const std::string& middle, const std::string& close,
                       int depth) {
    std::string source = "x = ";
    for (int i = 0; i < depth; ++i) source += open;
    source += middle;
    for (int i = 0; i < depth; ++i) source += close;
    return source;
  };
  for (const auto& [open, close] : {std::pair<std::string, std::string>{"(", ")"},
                                    {"{", "}"},
                                    {"function() return ", " end"},
                                    {"f(", ")"},
                                    {"-", ""},
                                    {"a..", ""}}) {
    for (const int depth : {60, 180, 5'000}) {
      const auto source = nest(open, "1", close, depth);
      if (compile(source, "t")) CHECK(global_uses(source).has_value());
      static_cast<void>(global_uses(source.substr(0, source.size() / 2)));
    }
  }
}

TEST_CASE("globals that are misspelt are told once, with their line") {
  CHECK(global_problems("sleep(1)\nsleeep(1)\nsleeep(2)") == Problems{{GlobalFault::kUnknown, "sleeep", 2}});
  CHECK(global_problems("local level = 1\nlevle = 2\nreturn level") ==
        Problems{{GlobalFault::kNeverRead, "levle", 2}});
  CHECK(global_problems("attributes = 1\nfunction print() end\nshared = {}") ==
        Problems{{GlobalFault::kReadOnly, "attributes", 1},
                 {GlobalFault::kReadOnly, "print", 2},
                 {GlobalFault::kReadOnly, "shared", 3}});
  CHECK(global_problems("if then") == Problems{});
}

TEST_CASE("globals that last from run to run are in order") {
  CHECK(global_problems("count = (count or 0) + 1") == Problems{});
  CHECK(global_problems("function step() return n end\nn = 1 return step()") == Problems{});
  CHECK(global_problems("local m = {} function m.f() return helper end function helper() end return m") ==
        Problems{});
}

TEST_CASE("where names are computed, what is missing can't be told") {
  CHECK(global_problems("_G['x' .. 1] = 2 return x1") == Problems{});
  CHECK(global_problems("local e = _ENV e.y = 1 return y") == Problems{});
  CHECK(global_problems("_G.string = 1 string = 2").size() == 1);
}

TEST_CASE("what the sandbox has is known, and what it lacks is not") {
  CHECK(global_problems(
            "return attributes, scripts, shared, external, database, notify, log, instance, sleep, print,\n"
            "string, table, math, utf8, os, coroutine, pcall, error, pairs, setmetatable, select") ==
        Problems{});
  for (const auto* name : {"io", "require", "load", "debug", "package", "dofile", "collectgarbage"}) {
    CHECK_FALSE(sandbox_names().contains(name));
  }
}

}  // namespace fieldline::lua
