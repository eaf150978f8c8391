#include "common/lua/compile.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <string>

#include "common/lua/limits.hpp"

namespace fieldline::lua {
namespace {

std::string repeat(const std::string& piece, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += piece;
  return text;
}

}  // namespace

TEST_CASE("a source that compiles has nothing to say") {
  CHECK(compile("local level = attributes.get('Level')\nreturn level * 2", "Start"));
  CHECK(compile("", "Empty"));
}

TEST_CASE("a syntax error names the chunk and the line, and Lua's words without them") {
  const auto result = compile("local a = 1\nif a then\n  a = = 2\nend", "Start");
  REQUIRE(!result);
  CHECK(result.error().code == ErrorCode::kInvalid);
  CHECK(result.error().where == "Start:3");
  CHECK(result.error().message == "unexpected symbol near '='");
}

TEST_CASE("a chunk's name appears whole, however long it is") {
  const std::string name(64, 'N');
  const auto result = compile("x =", name);
  REQUIRE(!result);
  CHECK(result.error().where == name + ":1");
  CHECK(result.error().message == "unexpected symbol near <eof>");
}

TEST_CASE("bytecode is refused, whatever it holds") {
  for (const auto* bytes : {"\x1bLua", "\x1bLuaT\x19\x93\r\n\x1a\n", "\x1b"}) {
    const auto result = compile(bytes, "Start");
    REQUIRE(!result);
    CHECK(result.error().where == "Start");
    CHECK(result.error().message.find("binary chunk") != std::string::npos);
  }
}

TEST_CASE("a source over the limit is refused unread") {
  const auto result = compile(std::string(kMaxSourceBytes + 1, ' '), "Start");
  REQUIRE(!result);
  CHECK(result.error().code == ErrorCode::kTooLarge);
  CHECK(result.error().where == "Start");
}

TEST_CASE("the worst sources compile, or don't, in bounded time") {
  const std::string sources[] = {repeat("(", kMaxSourceBytes),
                                 repeat("{", kMaxSourceBytes),
                                 repeat("do ", kMaxSourceBytes / 3),
                                 repeat("goto a ", kMaxSourceBytes / 7),
                                 "a=" + repeat("-", 2 * 60'000) + "1",
                                 "return " + repeat("a..", kMaxSourceBytes / 4) + "a",
                                 "x='" + repeat("\\065", kMaxSourceBytes / 5) + "'",
                                 repeat("function f() ", kMaxSourceBytes / 14),
                                 "--[" + repeat("=", kMaxSourceBytes - 10) + "[",
                                 std::string(kMaxSourceBytes, '\0'),
                                 std::string(kMaxSourceBytes, '\xff')};
  for (const auto& source : sources) {
    const auto begin = std::chrono::steady_clock::now();
    const auto result = compile(source, "Worst");
    const auto took = std::chrono::steady_clock::now() - begin;
    INFO(source.substr(0, 20) << " took " << std::chrono::duration<double>(took).count() << " s");
    CHECK(took < std::chrono::seconds(2));
  }
}

TEST_CASE("gotos and labels, which Lua pairs with each other, stay within the limit of the source") {
  std::string source;
  for (int i = 0; source.size() < kMaxSourceBytes - 40; ++i) {
    source += "goto z ::a" + std::to_string(i) + "::\n";
  }
  source += "::z::";
  const auto begin = std::chrono::steady_clock::now();
  CHECK(compile(source, "Gotos"));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(2));
}

}  // namespace fieldline::lua
