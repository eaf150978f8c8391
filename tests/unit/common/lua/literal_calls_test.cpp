#include "common/lua/literal_calls.hpp"

#include <catch2/catch.hpp>

namespace Catch {
template <>
struct StringMaker<fieldline::lua::LiteralCall> {
  static std::string convert(const fieldline::lua::LiteralCall& call) {
    return call.api + "(" + call.name + "):" + std::to_string(call.line);
  }
};
}  // namespace Catch

namespace fieldline::lua {

using Calls = std::vector<LiteralCall>;

TEST_CASE("names given to the API are found with their lines") {
  const auto calls = literal_calls(R"(
local level = attributes.get("Level")
attributes.set('Pump1.Run', level > 3)
scripts.call("Stop", 1)
external.call("erp", {}) external.send [[mes]]
database.query("history", "select 1"); database.write "history"
notify.send([==[operators]==], "hello")
)");
  CHECK(calls == Calls{{"attributes.get", "Level", 2},
                       {"attributes.set", "Pump1.Run", 3},
                       {"scripts.call", "Stop", 4},
                       {"external.call", "erp", 5},
                       {"external.send", "mes", 5},
                       {"database.query", "history", 6},
                       {"database.write", "history", 6},
                       {"notify.send", "operators", 7}});
}

TEST_CASE("shared scripts are named by their member") {
  CHECK(literal_calls("local flow = shared.hydraulics.flow(2)\nreturn shared['units']") ==
        Calls{{"shared", "hydraulics", 1}, {"shared", "units", 2}});
}

TEST_CASE("blanks, lines and comments may stand between the tokens") {
  CHECK(literal_calls("attributes --[[ x ]] .\n get -- y\n ( --[==[ ]] ]==] \"Level\" )") ==
        Calls{{"attributes.get", "Level", 3}});
}

TEST_CASE("comments and strings hold no calls") {
  CHECK(literal_calls(R"lua(
-- attributes.get("A")
--[[ attributes.get("B")
attributes.get("C") ]]
local s = 'attributes.get("D")' .. "attributes.get(\"E\")" .. [[attributes.get("F")]] .. [=[ ]] shared.G ]=]
local t = "\z
   attributes.get('H')"
)lua") == Calls{});
}

TEST_CASE("a name that is computed, or of another table, isn't taken for a literal one") {
  CHECK(literal_calls(R"(
attributes.get("Pump" .. n)
attributes.get(name)
my.attributes.get("A")
my:attributes("B")
myattributes.get("C")
attributes.getter("D")
shared:e()
shared[name]
shared["a" .. b]
attributes.get
)") == Calls{});
}

TEST_CASE("what follows .. or a label is no member") {
  CHECK(literal_calls("return 'x'..attributes.get('A')") == Calls{{"attributes.get", "A", 1}});
  CHECK(literal_calls("::top:: shared.a()") == Calls{{"shared", "a", 1}});
  CHECK(literal_calls("return 1 ..attributes.get('A')") == Calls{{"attributes.get", "A", 1}});
}

TEST_CASE("escapes are read as Lua reads them") {
  const auto name_of = [](const std::string& literal) {
    const auto calls = literal_calls("attributes.get(" + literal + ")");
    return calls.size() == 1 ? calls[0].name : "none";
  };
  CHECK(name_of(R"("Pump\x31.Run")") == "Pump1.Run");
  CHECK(name_of(R"("Pump\049")") == "Pump1");
  CHECK(name_of(R"("\u{54}emp \u{B0}C \u{20AC}")") == "Temp \u00B0C \u20AC");
  CHECK(name_of("\"a\\\nb\\z  \n  c\\\"\"") == "a\nbc\"");
  CHECK(name_of("[[\nA]]") == "A");
  CHECK(name_of("[=[\r\n]]]=]") == "]]");
  CHECK(name_of(R"("\a\b\f\n\r\t\v\\\"\'")") == "\a\b\f\n\r\t\v\\\"'");
}

TEST_CASE("numbers don't swallow what follows them") {
  CHECK(literal_calls("x = 0x1p-3 y = 3e+2 z = .5 attributes.get('A')") == Calls{{"attributes.get", "A", 1}});
}

TEST_CASE("a source that breaks off yields what stood before, whatever the bytes are") {
  const std::string good = "attributes.get('A') ";
  for (const auto* rest :
       {"'open", "\"\\", "\"\\x1", "\"\\300\"", "\"\\u{80000000}\"", "[==[", "--[[", "\"a\nb\"", "shared",
        "shared.", "shared[", "attributes.get(", "attributes.get", "\x80\xff\x01", "\"\\q\""}) {
    INFO(rest);
    CHECK(literal_calls(good + rest) == Calls{{"attributes.get", "A", 1}});
  }
  CHECK(literal_calls(std::string("\0attributes.get('A')", 20)) == Calls{{"attributes.get", "A", 1}});
}

TEST_CASE("lines count whichever way they end") {
  CHECK(literal_calls("\r\n\n\rattributes.get('A')")[0].line == 3);
  CHECK(literal_calls("\r\rattributes.get('A')")[0].line == 3);
  CHECK(literal_calls("--[[\n\n]]\nattributes.get('A')")[0].line == 4);
}

}  // namespace fieldline::lua
