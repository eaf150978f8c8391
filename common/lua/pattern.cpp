#include "common/lua/pattern.hpp"

#include <fmt/core.h>
#include <utility>

namespace fieldline::lua {
namespace {

using ItemKind = PatternItem::Kind;
using Set = std::bitset<256>;

bool is_digit(unsigned char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(unsigned char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(unsigned char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_letter(unsigned char c) {
  return is_lower(c) || is_upper(c);
}
bool is_graphic(unsigned char c) {
  return c > ' ' && c < 0x7F;
}

// Is `c` in the class that the lower-case letter names? ASCII's classes, whatever the locale.
bool in_class(unsigned char c, char name) {
  switch (name) {
    case 'a':
      return is_letter(c);
    case 'c':
      return c < ' ' || c == 0x7F;
    case 'd':
      return is_digit(c);
    case 'g':
      return is_graphic(c);
    case 'l':
      return is_lower(c);
    case 'p':
      return is_graphic(c) && !is_letter(c) && !is_digit(c);
    case 's':
      return c == ' ' || (c >= '\t' && c <= '\r');
    case 'u':
      return is_upper(c);
    case 'w':
      return is_letter(c) || is_digit(c);
    case 'x':
      return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    default:  // z: deprecated, but known to 5.4
      return c == 0;
  }
}

constexpr std::string_view kClasses = "acdglpsuwxz";

std::array<Set, kClasses.size()> make_classes() {
  std::array<Set, kClasses.size()> sets;
  for (std::size_t index = 0; index < kClasses.size(); ++index) {
    for (unsigned c = 0; c < 256; ++c)
      sets[index][c] = in_class(static_cast<unsigned char>(c), kClasses[index]);
  }
  return sets;
}

// What %c stands for: a class, its complement for a capital letter, or the character itself.
Set escaped(char c) {
  static const auto classes = make_classes();
  const auto byte = static_cast<unsigned char>(c);
  const char lower = is_upper(byte) ? static_cast<char>(c - 'A' + 'a') : c;
  const std::size_t index = kClasses.find(lower);
  if (index == std::string_view::npos) return Set().set(byte);
  return lower == c ? classes[index] : ~classes[index];
}

class Compiler {
 public:
  explicit Compiler(std::string_view text) : text_(text) {}

  Result<Pattern> run() {
    while (more()) {
      if (auto problem = next()) return fail(ErrorCode::kInvalid, std::move(*problem));
    }
    if (!open_.empty()) return fail(ErrorCode::kInvalid, "unfinished capture");
    return std::move(pattern_);
  }

 private:
  using Problem = std::optional<std::string>;

  [[nodiscard]] bool more() const { return at_ < text_.size(); }
  [[nodiscard]] bool sees(char c) const { return more() && text_[at_] == c; }
  bool take(char c) {
    const bool seen = sees(c);
    at_ += seen ? 1 : 0;
    return seen;
  }

  Problem next() {
    if (take('(')) return open();
    if (take(')')) return close();
    if (sees('$') && at_ + 1 == text_.size()) {
      ++at_;
      add({ItemKind::kEnd, 0, 0, {}});
      return {};
    }
    if (sees('%') && at_ + 1 < text_.size()) {
      const auto escape = static_cast<unsigned char>(text_[at_ + 1]);
      if (escape == 'b') return balance();
      if (escape == 'f') return frontier();
      if (is_digit(escape)) return back_reference(escape);
    }
    return repeated_set();
  }

  Problem open() {
    if (pattern_.captures == kMaxCaptures) return "too many captures";
    const auto number = static_cast<unsigned char>(pattern_.captures++);
    const bool position = take(')');
    if (!position) open_.push_back(number);
    add({position ? ItemKind::kPosition : ItemKind::kOpen, number, 0, {}});
    return {};
  }

  Problem close() {
    if (open_.empty()) return "invalid pattern capture";
    add({ItemKind::kClose, open_.back(), 0, {}});
    open_.pop_back();
    return {};
  }

  Problem balance() {
    at_ += 2;
    if (text_.size() - at_ < 2) return "malformed pattern (missing arguments to '%b')";
    add({ItemKind::kBalance,
         static_cast<unsigned char>(text_[at_]),
         static_cast<unsigned char>(text_[at_ + 1]),
         {}});
    at_ += 2;
    return {};
  }

  Problem frontier() {
    at_ += 2;
    if (!sees('[')) return "missing '[' after '%f' in pattern";
    PatternItem item{ItemKind::kFrontier, 0, 0, {}};
    auto problem = set(item.set);
    add(item);
    return problem;
  }

  Problem back_reference(unsigned char digit) {
    at_ += 2;
    const int number = digit - '1';
    const bool known = number >= 0 && static_cast<std::size_t>(number) < pattern_.captures;
    const auto index = static_cast<unsigned char>(number);
    if (!known || open_.find(index) != std::basic_string<unsigned char>::npos) {
      return fmt::format("invalid capture index %{} in pattern", static_cast<char>(digit));
    }
    add({ItemKind::kBackReference, index, 0, {}});
    return {};
  }

  Problem repeated_set() {
    PatternItem item;
    if (auto problem = set(item.set)) return problem;
    if (take('?')) item.kind = ItemKind::kOptional;
    if (item.kind == ItemKind::kOne && take('*')) item.kind = ItemKind::kMost;
    if (item.kind == ItemKind::kOne && take('-')) item.kind = ItemKind::kFewest;
    if (item.kind == ItemKind::kOne && take('+')) {
      add(item);
      item.kind = ItemKind::kMost;
    }
    add(item);
    return {};
  }

  // One character class: a character, a dot, an escape or a [set].
  Problem set(Set& into) {
    const char c = text_[at_++];
    if (c == '.') {
      into.set();
    } else if (c == '%') {
      if (!more()) return "malformed pattern (ends with '%')";
      into = escaped(text_[at_++]);
    } else if (c == '[') {
      return bracketed(into);
    } else {
      into.set(static_cast<unsigned char>(c));
    }
    return {};
  }

  // Behind the [. A ] in the first place is a member of the set.
  Problem bracketed(Set& into) {
    const bool complement = take('^');
    for (bool first = true; first || !sees(']'); first = false) {
      if (!more()) return "malformed pattern (missing ']')";
      member(into);
    }
    ++at_;
    if (complement) into.flip();
    return {};
  }

  void member(Set& into) {
    const char c = text_[at_++];
    if (c == '%' && more()) {
      into |= escaped(text_[at_++]);
      return;
    }
    const bool range = sees('-') && at_ + 1 < text_.size() && text_[at_ + 1] != ']';
    const auto low = static_cast<unsigned char>(c);
    const auto high = range ? static_cast<unsigned char>(text_[at_ + 1]) : low;
    if (range) at_ += 2;
    for (unsigned each = low; each <= high; ++each) into.set(each);
  }

  void add(const PatternItem& item) { pattern_.items.push_back(item); }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::basic_string<unsigned char> open_;
  Pattern pattern_;
};

}  // namespace

Result<Pattern> compile_pattern(std::string_view text) {
  if (text.size() > kMaxPatternBytes) {
    return fail(ErrorCode::kTooLarge, fmt::format("pattern too long ({} bytes; at most {} are taken)",
                                                  text.size(), kMaxPatternBytes));
  }
  return Compiler(text).run();
}

}  // namespace fieldline::lua
