#include "tests/unit/common/lua/rig.hpp"

namespace fieldline::lua {

TEST_CASE_METHOD(Rig, "string.rep repeats, and refuses what can't be") {
  CHECK(values("return ('ab'):rep(3, '-'), ('x'):rep(0), ('x'):rep(-1), (''):rep(1e15), ('x'):rep(1, 'sep'), "
               "(''):rep(3, ',')") == Values{std::string("ab-ab-ab"), std::string(), std::string(),
                                             std::string(), std::string("x"), std::string(",,")});
  CHECK(failure("('x'):rep(1e15)") == "error: Start:1: resulting string too large");
  CHECK(failure("('xx'):rep(math.maxinteger, 'y')") == "error: Start:1: resulting string too large");
}

TEST_CASE_METHOD(Rig, "tables are joined, moved, grown and shrunk as Lua does it") {
  CHECK(
      values("return table.concat({1, 'b', 2.5}, ', '), table.concat({}), table.concat({1, 2, 3}, '', 2, 3), "
             "table.concat({1}, 'x', 2)") ==
      Values{std::string("1, b, 2.5"), std::string(), std::string("23"), std::string()});
  CHECK(failure("table.concat({1, {}})") ==
        "error: Start:1: invalid value (at index 2) in table for 'concat'");
  CHECK(text("local t = {1, 2, 3} table.insert(t, 4) table.insert(t, 1, 0) table.insert(t, 3, 'x') return "
             "table.concat(t, ' ')") == "\"0 1 x 2 3 4\"");
  CHECK(failure("table.insert({}, 3, 1)") ==
        "error: Start:1: bad argument #2 to 'insert' (position out of bounds)");
  CHECK(failure("table.insert({}, 1, 2, 3)") == "error: Start:1: wrong number of arguments to 'insert'");
  CHECK(values("local t = {1, 2, 3} return table.remove(t), table.remove(t, 1), #t, table.remove({}), "
               "table.remove({}, 0), table.remove({1}, 2)") == Values{std::int64_t{3}, std::int64_t{1},
                                                                      std::int64_t{1}, std::monostate(),
                                                                      std::monostate(), std::monostate()});
  CHECK(failure("table.remove({1}, 3)") ==
        "error: Start:1: bad argument #2 to 'remove' (position out of bounds)");
  CHECK(text("return table.concat(table.move({1, 2, 3, 4}, 2, 4, 1), ' ')") == "\"2 3 4 4\"");
  CHECK(text("return table.concat(table.move({1, 2, 3, 4}, 1, 3, 2), ' ')") == "\"1 1 2 3\"");
  CHECK(text("return table.concat(table.move({1, 2}, 1, 2, 2, {9}), ' ')") == "\"9 1 2\"");
  CHECK(failure("table.move({}, 1, math.maxinteger, 2)") ==
        "error: Start:1: bad argument #4 to 'move' (destination wrap around)");
  CHECK(failure("table.move({}, -1, math.maxinteger, 2)") ==
        "error: Start:1: bad argument #3 to 'move' (too many elements to move)");
  CHECK(values("return table.unpack({1, 2, 3}, 2)") == Values{std::int64_t{2}, std::int64_t{3}});
  CHECK(values("return table.unpack({1, 2}, 2, 1)").empty());
  CHECK(failure("table.unpack({}, 1, 1e7)") == "error: Start:1: too many results to unpack");
  CHECK(failure("table.unpack({}, math.mininteger, math.maxinteger)") ==
        "error: Start:1: too many results to unpack");
  CHECK(text("return table.pack(1, nil, 3).n") == "3");
}

TEST_CASE_METHOD(Rig, "sorting orders any list, with or without a comparator") {
  CHECK(text(R"(
local seed = 12345
local function random(n) seed = (seed * 1103515245 + 12345) % 2147483648 return seed % n end
for size = 0, 40 do
  for _ = 1, 20 do
    local t, sum = {}, 0
    for i = 1, size do t[i] = random(size) sum = sum + t[i] end
    table.sort(t)
    for i = 1, size do sum = sum - t[i] assert(i == 1 or t[i - 1] <= t[i]) end
    assert(sum == 0 and #t == size)
    table.sort(t, function(a, b) return a > b end)
    for i = 2, size do assert(t[i - 1] >= t[i]) end
  end
end
local words = {'pump', 'valve', 'alarm'} table.sort(words)
return table.concat(words, ' '))") == "\"alarm pump valve\"");
  CHECK(failure("table.sort({1, 'x'})").find("attempt to compare") != std::string::npos);
  CHECK(failure("table.sort({1}, 1)").find("function expected") != std::string::npos);
}

TEST_CASE_METHOD(Rig, "a comparator that lies gets some order, and no harm done") {
  CHECK(text("local t = {} for i = 1, 100 do t[i] = i end\nfor _, answer in ipairs({true, false}) do "
             "table.sort(t, function() return answer end) end\n"
             "local sum = 0 for i = 1, 100 do sum = sum + t[i] end return sum") == "5050");
}

TEST_CASE_METHOD(Rig, "utf8 works, and stops at what isn't") {
  CHECK(text("local s = '' for p, c in utf8.codes('aé€😀') do s = s .. p .. ':' .. c .. ' ' end return s") ==
        "\"1:97 2:233 4:8364 7:128512 \"");
  CHECK(values("return utf8.char(233, 8364), utf8.len('aé€'), utf8.codepoint('é'), utf8.offset('aé€', 3)") ==
        Values{std::string("é€"), std::int64_t{3}, std::int64_t{233}, std::int64_t{4}});
  CHECK(failure("for _ in utf8.codes('a\\x80\\x80\\x80\\x80\\x80\\x80\\x80') do end")
            .find("invalid UTF-8 code") != std::string::npos);
  CHECK(values("return utf8.len('\\xff')") == Values{std::monostate(), std::int64_t{1}});
  CHECK(text("local n = 0 for _ in string.gmatch('aé€', utf8.charpattern) do n = n + 1 end return n") == "3");
}

TEST_CASE_METHOD(Rig, "the rest of the standard library is Lua's own") {
  CHECK(values("return math.floor(2.7), math.max(1, 5, 3), math.type(1), ('Pump'):upper(), ('abc'):byte(2), "
               "('abc'):sub(-2), "
               "string.format('%5.2f|%d|%s', 3.14159, 42, true), ('x'):len(), string.char(72, 105)") ==
        Values{std::int64_t{2}, std::int64_t{5}, std::string("integer"), std::string("PUMP"),
               std::int64_t{98}, std::string("bc"), std::string(" 3.14|42|true"), std::int64_t{1},
               std::string("Hi")});
  CHECK(values("return string.unpack('>f', string.pack('>I2I2', 0x4048, 0xF5C3))")[0] ==
        Value(double{3.14f}));
  CHECK(values("return '10' + 5, 10 .. '', tonumber('0x1f'), tonumber('z', 36), tostring(nil), select('#', "
               "1, 2)") == Values{std::int64_t{15}, std::string("10"), std::int64_t{31}, std::int64_t{35},
                                  std::string("nil"), std::int64_t{2}});
  CHECK(values("local a = {} for k, v in pairs({x = 1}) do a[#a + 1] = k .. v end for i, v in ipairs({7}) do "
               "a[#a + 1] = i .. v end "
               "return a[1], a[2], next({}), rawlen({1, 2}), rawequal(a, a), type(a)") ==
        Values{std::string("x1"), std::string("17"), std::monostate(), std::int64_t{2}, true,
               std::string("table")});
}

TEST_CASE_METHOD(Rig, "pcall and xpcall catch what is the script's to catch") {
  CHECK(values("return pcall(error, 'x', 0)") == Values{false, std::string("x")});
  CHECK(values("return pcall(function(...) return ... end, 1, 2)") ==
        Values{true, std::int64_t{1}, std::int64_t{2}});
  CHECK(values("return xpcall(function(a) error('x' .. a, 0) end, function(m) return m .. '!' end, 'y')") ==
        Values{false, std::string("xy!")});
  CHECK(values("return xpcall(function(a) return a end, print, 'y')") == Values{true, std::string("y")});
  CHECK(text("return (pcall(xpcall, 1, 2))") == "false");
}

}  // namespace fieldline::lua
