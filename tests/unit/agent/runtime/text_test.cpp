#include "agent/runtime/text.hpp"

#include <catch2/catch.hpp>
#include <string>

using fieldline::runtime::clean_text;

TEST_CASE("well-formed UTF-8 passes unchanged") {
  for (const std::string text :
       {"", "level", "p\u00fcmpe", "\u20ac", "\U0001F4A7", "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF"}) {
    CHECK(clean_text(text, 100) == text);
  }
}

TEST_CASE("bytes that are not UTF-8 are replaced one by one") {
  const std::string mark = "\xEF\xBF\xBD";
  CHECK(clean_text("a\xFF"
                   "b",
                   100) == "a" + mark + "b");
  CHECK(clean_text("\xC3", 100) == mark);
  CHECK(clean_text("\xC0\xAF", 100) == mark + mark);                        // overlong
  CHECK(clean_text("\xE0\x80\x80", 100) == mark + mark + mark);             // overlong
  CHECK(clean_text("\xED\xA0\x80", 100) == mark + mark + mark);             // surrogate
  CHECK(clean_text("\xF4\x90\x80\x80", 100) == mark + mark + mark + mark);  // past U+10FFFF
  CHECK(clean_text("\xE2\x82", 100) == mark + mark);
}

TEST_CASE("text is cut between characters") {
  CHECK(clean_text("abc", 2) == "ab");
  CHECK(clean_text("a\u20ac", 3) == "a");
  CHECK(clean_text("a\u20ac", 4) == "a\u20ac");
  CHECK(clean_text("abc", 0).empty());
}
