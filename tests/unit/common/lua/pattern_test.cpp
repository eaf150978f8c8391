#include "common/lua/pattern.hpp"

#include <lua.hpp>
#include <random>

#include "tests/unit/common/lua/rig.hpp"

namespace fieldline::lua {
namespace {

// What Lua's own library makes of an expression: the values as text, or "error".
class Original {
 public:
  Original() : state_(luaL_newstate(), lua_close) { luaL_openlibs(state_.get()); }

  std::string operator()(const std::string& source) {
    lua_settop(state_.get(), 0);
    if (luaL_dostring(state_.get(), source.c_str()) != LUA_OK) return "error";
    std::size_t size = 0;
    const char* text = lua_tolstring(state_.get(), -1, &size);
    return {text, size};
  }

 private:
  std::unique_ptr<lua_State, decltype(&lua_close)> state_;
};

std::string literal(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(c));
    out += escaped;
  }
  return out + "\"";
}

// One line for all the results of a call.
std::string listed(const std::string& call) {
  return "local r = table.pack(pcall(function() return " + call +
         " end)) if not r[1] then return 'error' end local s = '' for i = 2, r.n do s = s .. tostring(r[i]) "
         ".. '|' end return s";
}

struct Both : Rig {
  Original original;

  void same(const std::string& call) {
    INFO(call);
    const std::string source = listed(call);
    CHECK(text(source) == "\"" + original(source) + "\"");
  }
};

}  // namespace

TEST_CASE_METHOD(Both, "patterns find what Lua's own find") {
  const std::string subjects[] = {"",
                                  "hello world",
                                  "THE (quick) fox (and (all))",
                                  "key = value, k2=v2",
                                  "  trim me  ",
                                  "2024-05-06T07:08",
                                  "aaa",
                                  "x^2 + y$ - 3.14%",
                                  std::string("nul\0byte", 8),
                                  "f[1][2]",
                                  "]-^%"};
  const std::string patterns[] = {"",
                                  "l+",
                                  "^hello",
                                  "world$",
                                  "(%w+) (%w+)",
                                  "%b()",
                                  "%f[%w]%w+",
                                  "%f[%W]",
                                  "(%w+)%s*=%s*(%w+)",
                                  "^%s*(.-)%s*$",
                                  "(%d+)-(%d+)-(%d+)",
                                  "()l()",
                                  "(a*(.)%w(%s*))",
                                  "a-",
                                  "a-$",
                                  "a?a?a?b?",
                                  "[^%s]+",
                                  "[a-fx]",
                                  "[]]",
                                  "[^]]",
                                  "[%a-z]",
                                  "[a-]",
                                  "[-a]",
                                  "%%",
                                  "%.",
                                  "$",
                                  "^$",
                                  "^",
                                  "a$b",
                                  "(h)(e)%2",
                                  "(.)%1",
                                  "%z",
                                  "%x+",
                                  "[%x]+",
                                  "%u%l*",
                                  "%c",
                                  "%p",
                                  "%g+",
                                  "[%]]",
                                  "%f[%z]",
                                  "x%^2",
                                  "()",
                                  "(()())",
                                  ".-(%d)",
                                  "%S+",
                                  "[^%d%p]+"};
  for (const auto& subject : subjects) {
    for (const auto& pattern : patterns) {
      const std::string both = literal(subject) + ", " + literal(pattern);
      same("string.find(" + both + ")");
      same("string.match(" + both + ", 3)");
      same("string.gsub(" + both + ", '<%0>')");
      same("(function() local all = '' for a, b in string.gmatch(" + both +
           ") do all = all .. tostring(a) .. ';' .. tostring(b) .. ',' end return all end)()");
    }
  }
}

TEST_CASE_METHOD(Both, "malformed patterns are errors as they are in Lua's own") {
  for (const auto* pattern : {"(", ")", "(()", "%", "[", "[a", "[^", "[]", "[%", "%b", "%bx", "%f", "%fa",
                              "%1", "(%1)", "%0", "a)"}) {
    same("string.find('a', " + literal(pattern) + ")");
  }
  CHECK(failure("('x'):find(('()'):rep(33))").find("too many captures") != std::string::npos);
  CHECK(failure("('x'):find('[')") == "error: Start:1: malformed pattern (missing ']')");
  CHECK(failure("('x'):find(('%a'):rep(3000))").find("pattern too long") != std::string::npos);
}

TEST_CASE_METHOD(Both, "start positions and plain searches are as in Lua's own") {
  for (const int init : {-100, -3, -1, 0, 1, 2, 5, 6, 7, 100}) {
    const std::string at = std::to_string(init);
    same("string.find('a.b.c', '.', " + at + ", true)");
    same("string.find('a.b.c', '%.', " + at + ")");
    same("string.find('a.b.c', '^b', " + at + ")");
    same("string.find('a.b.c', '', " + at + ")");
    same("string.match('a.b.c', '()', " + at + ")");
    same("(function() local s = '' for w in string.gmatch('a.b.c', '%a', " + at +
         ") do s = s .. w end return s end)()");
  }
  same("string.find('abc', 'b', math.mininteger)");
  same("string.find('abc', 'b', math.maxinteger)");
}

TEST_CASE_METHOD(Both, "replacements are as in Lua's own") {
  for (const auto* call : {"string.gsub('hello world', 'o', '0', 1)",
                           "string.gsub('hello world', 'o', '0', 0)",
                           "string.gsub('hello', '', '-')",
                           "string.gsub('hello', '', '-', 3)",
                           "string.gsub('hello world', '(%w+)', '<%1>')",
                           "string.gsub('hello world', '%w+', '%0 %0', 1)",
                           "string.gsub('hello world from Lua', '(%w+)%s*(%w+)', '%2 %1')",
                           "string.gsub('abc', '%w', '%%')",
                           "string.gsub('abc', '%w', '%1')",
                           "string.gsub('abc', '%w', '%2')",
                           "string.gsub('abc', '%w', '%x')",
                           "string.gsub('abc', '%w', '%')",
                           "string.gsub('abc', '()b', '%1')",
                           "string.gsub('$name is $age', '%$(%w+)', {name = 'lua', age = 5})",
                           "string.gsub('abc', '%w', {a = false, b = 1})",
                           "string.gsub('abc', '%w', function(c) if c ~= 'b' then return c:upper() end end)",
                           "string.gsub('abc', '()(%w)', function(p, c) return p .. c end)",
                           "string.gsub('abc', 'b', function() return {} end)",
                           "string.gsub('abc', 'b', string.len)",
                           "string.gsub('abc', 'b', nil)",
                           "string.gsub('abc', 'b', true)",
                           "string.gsub('abc', '^a', 'x')",
                           "string.gsub('aaa', '^a', 'x')",
                           "string.gsub('abc def', '%f[%w]%w+', string.upper)",
                           "string.gsub('abc', 'b', 5)",
                           "string.gsub(121, 2, 3)",
                           "string.gsub('a,b,,c', ',*', '.')",
                           "string.gsub('  a  ', '^%s*(.-)%s*$', '%1')"}) {
    same(call);
  }
}

TEST_CASE_METHOD(Both, "random patterns on random subjects agree with Lua's own") {
  std::mt19937 random(20261122);
  const auto pick = [&](const auto& from) { return from[random() % std::size(from)]; };
  const char* const pieces[] = {"a",  "b",    ".",      "%a", "%d", "%s", "[ab]", "[^a]", "[a-c1]",
                                "(",  ")",    "()",     "*",  "+",  "-",  "?",    "^",    "$",
                                "%1", "%b()", "%f[%a]", "%w", "x",  "%%", "[%a]"};
  const char letters[] = {'a', 'b', 'c', '1', ' ', '(', ')', 'x', '%'};
  const char* const calls[] = {"string.find(", "string.match(", "string.gsub("};
  for (int round = 0; round < 3000; ++round) {
    std::string pattern;
    std::string subject;
    for (auto n = random() % 6 + 1; n > 0; --n) pattern += pick(pieces);
    for (auto n = random() % 12; n > 0; --n) subject += pick(letters);
    const std::string call = pick(calls);
    // Lua's own only notices a malformed pattern when the match gets there.
    if (!compile_pattern(pattern.starts_with('^') ? pattern.substr(1) : pattern)) continue;
    same(call + literal(subject) + ", " + literal(pattern) + (call == "string.gsub(" ? ", '[%0]')" : ")"));
  }
}

TEST_CASE_METHOD(Rig, "a pattern that holds too many alternatives open is an error") {
  CHECK(failure("return ('a'):rep(300):find(('a?'):rep(300) .. 'b')").find("pattern too complex") !=
        std::string::npos);
  CHECK(text("return (('a'):rep(100):find(('a?'):rep(100)))") == "1");
}

TEST_CASE("a matcher tells of every step") {
  const auto pattern = compile_pattern("a*a*a*b");
  REQUIRE(pattern);
  const std::string subject(60, 'a');
  std::uint64_t steps = 0;
  std::uint64_t most = 0;
  Matcher matcher(subject, pattern->items, [&](std::uint64_t more) {
    steps += more;
    most = std::max(most, more);
  });
  CHECK(!matcher.match(0));
  CHECK(steps > 30'000);
  CHECK(most <= kCheckInterval + 60);
}

}  // namespace fieldline::lua
