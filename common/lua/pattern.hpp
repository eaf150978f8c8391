// Lua's patterns (Lua 5.4 reference manual, 6.4.1), matched with a count of the steps: the standard
// library's matcher can take exponential time between two checks of a budget. Refuses malformed
// patterns as a whole before matching, and those over kMaxPatternBytes. Any thread.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/lua/limits.hpp"

namespace fieldline::lua {

// A piece of a compiled pattern. Trivially copyable, so that it can lie in Lua's memory.
struct PatternItem {
  enum class Kind : std::uint8_t {
    kOne,            // a character of `set`
    kOptional,       // … or none: ?
    kMost,           // as many as possible: * (and, behind a kOne, +)
    kFewest,         // as few as possible: -
    kOpen,           // ( number `first`
    kPosition,       // () number `first`
    kClose,          // ) number `first`
    kBalance,        // %b, from `first` to `second`
    kFrontier,       // %f into `set`
    kBackReference,  // the text of capture `first` again
    kEnd,            // $ at the pattern's end
  };
  Kind kind = Kind::kOne;
  unsigned char first = 0;
  unsigned char second = 0;
  std::bitset<256> set;
};

struct Pattern {
  std::vector<PatternItem> items;
  std::size_t captures = 0;
};

// `text` is without the ^ that anchors it.
Result<Pattern> compile_pattern(std::string_view text);

struct Capture {
  std::size_t begin = 0;
  std::size_t size = 0;
  bool is_position = false;
};

class Matcher {
 public:
  // Told of steps taken, before more than kCheckInterval add up; may throw to end the match.
  using Charge = std::function<void(std::uint64_t steps)>;

  // Both are borrowed.
  Matcher(std::string_view subject, std::span<const PatternItem> items, Charge charge);

  // The end of the match that begins at `at`; none also where more than kMaxPatternDepth
  // alternatives would be open, see too_complex.
  std::optional<std::size_t> match(std::size_t at);
  [[nodiscard]] bool too_complex() const { return too_complex_; }
  // Of the latest match.
  [[nodiscard]] const Capture& capture(std::size_t number) const { return captures_[number]; }

 private:
  using End = std::optional<std::size_t>;

  // Each: where the match ends when the items from `item` on match from `at` on.
  End rest(std::size_t item, std::size_t at);
  End run(std::size_t item, std::size_t at);
  End most(std::size_t item, std::size_t at);
  End fewest(std::size_t item, std::size_t at);
  End captured(std::size_t item, std::size_t at);
  // Each: where the item alone ends.
  End single(const PatternItem& item, std::size_t at);
  End balance(const PatternItem& item, std::size_t at);
  End repeated(const PatternItem& item, std::size_t at);
  [[nodiscard]] bool fits(const PatternItem& item, std::size_t at) const;
  [[nodiscard]] bool at_frontier(const PatternItem& item, std::size_t at) const;
  void step(std::uint64_t steps = 1);
  void settle();

  const std::string_view subject_;
  const std::span<const PatternItem> items_;
  const Charge charge_;
  std::uint64_t uncharged_ = 0;
  int depth_ = 0;
  bool too_complex_ = false;
  std::array<Capture, kMaxCaptures> captures_{};
};

}  // namespace fieldline::lua
