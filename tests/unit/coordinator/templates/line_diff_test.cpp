#include "coordinator/templates/line_diff.hpp"

#include <catch2/catch.hpp>

#include "common/base/random.hpp"

using namespace fieldline;
using namespace fieldline::templates;

namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> lines{""};
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

// Removed lines go, counted in the old text; added ones come, counted in the new one.
std::vector<std::string> patched(const std::string& from, const std::vector<LineEdit>& edits) {
  auto lines = split(from);
  for (auto edit = edits.rbegin(); edit != edits.rend(); ++edit) {
    if (edit->kind != EditKind::kRemoved) continue;
    REQUIRE(lines.at(static_cast<std::size_t>(edit->line - 1)) == edit->text);
    lines.erase(lines.begin() + edit->line - 1);
  }
  for (const auto& edit : edits) {
    if (edit.kind == EditKind::kAdded) lines.insert(lines.begin() + edit.line - 1, edit.text);
  }
  return lines;
}

}  // namespace

TEST_CASE("a changed line is one removed and one added") {
  const auto edits = line_diff("a\nb\nc\n", "a\nB\nc\n");
  REQUIRE(edits.size() == 2);
  CHECK(edits[0] == LineEdit{EditKind::kRemoved, 2, "b"});
  CHECK(edits[1] == LineEdit{EditKind::kAdded, 2, "B"});
}

TEST_CASE("equal texts do not differ, and a last line end does") {
  CHECK(line_diff("a\nb", "a\nb").empty());
  CHECK(line_diff("a", "a\n").size() == 1);
}

TEST_CASE("the edits turn the old text into the new one, whatever the texts") {
  Random random(5);
  for (int round = 0; round < 500; ++round) {
    const auto text = [&] {
      std::string lines;
      for (auto i = random.below(30); i > 0; --i) {
        lines += static_cast<char>('a' + random.below(4));
        lines += '\n';
      }
      return lines;
    };
    const auto from = text();
    const auto to = text();
    CHECK(patched(from, line_diff(from, to)) == split(to));
  }
}

TEST_CASE(
    "texts with nothing in common are told as replaced, without a search that grows with their square") {
  std::string from;
  std::string to;
  for (int i = 0; i < 20'000; ++i) {
    from += "old " + std::to_string(i) + "\n";
    to += "new " + std::to_string(i) + "\n";
  }
  CHECK(line_diff(from, to).size() == 40'000);
}
