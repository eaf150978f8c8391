#include <utility>

#include "common/lua/pattern.hpp"

namespace fieldline::lua {

using ItemKind = PatternItem::Kind;

Matcher::Matcher(std::string_view subject, std::span<const PatternItem> items, Charge charge)
    : subject_(subject), items_(items), charge_(std::move(charge)) {}

std::optional<std::size_t> Matcher::match(std::size_t at) {
  const End end = rest(0, at);
  settle();
  return end;
}

Matcher::End Matcher::rest(std::size_t item, std::size_t at) {
  if (depth_ == kMaxPatternDepth) too_complex_ = true;
  if (too_complex_) return std::nullopt;
  ++depth_;
  const End end = run(item, at);
  --depth_;
  return end;
}

Matcher::End Matcher::run(std::size_t item, std::size_t at) {
  for (; item < items_.size(); ++item) {
    step();
    switch (items_[item].kind) {
      case ItemKind::kMost:
        return most(item, at);
      case ItemKind::kFewest:
        return fewest(item, at);
      case ItemKind::kOpen:
      case ItemKind::kPosition:
      case ItemKind::kClose:
        return captured(item, at);
      case ItemKind::kOptional:
        if (fits(items_[item], at)) {
          if (const End end = rest(item + 1, at + 1)) return end;
        }
        break;
      default: {
        const End end = single(items_[item], at);
        if (!end) return std::nullopt;
        at = *end;
      }
    }
  }
  return at;
}

Matcher::End Matcher::most(std::size_t item, std::size_t at) {
  std::size_t count = 0;
  for (; fits(items_[item], at + count); ++count) step();
  for (;; --count) {
    if (const End end = rest(item + 1, at + count)) return end;
    if (count == 0 || too_complex_) return std::nullopt;
  }
}

Matcher::End Matcher::fewest(std::size_t item, std::size_t at) {
  for (;; ++at) {
    if (const End end = rest(item + 1, at)) return end;
    if (too_complex_ || !fits(items_[item], at)) return std::nullopt;
  }
}

Matcher::End Matcher::captured(std::size_t item, std::size_t at) {
  const PatternItem& mark = items_[item];
  Capture& capture = captures_[mark.first];
  const Capture before = capture;
  if (mark.kind == ItemKind::kClose)
    capture.size = at - capture.begin;
  else
    capture = Capture{at, 0, mark.kind == ItemKind::kPosition};
  const End end = rest(item + 1, at);
  if (!end) capture = before;
  return end;
}

Matcher::End Matcher::single(const PatternItem& item, std::size_t at) {
  switch (item.kind) {
    case ItemKind::kBalance:
      return balance(item, at);
    case ItemKind::kBackReference:
      return repeated(item, at);
    case ItemKind::kFrontier:
      return at_frontier(item, at) ? End(at) : std::nullopt;
    case ItemKind::kEnd:
      return at == subject_.size() ? End(at) : std::nullopt;
    default:
      return fits(item, at) ? End(at + 1) : std::nullopt;
  }
}

Matcher::End Matcher::balance(const PatternItem& item, std::size_t at) {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(subject_[index]); };
  if (at >= subject_.size() || byte(at) != item.first) return std::nullopt;
  std::size_t open = 1;
  for (std::size_t index = at + 1; index < subject_.size(); ++index) {
    step();
    if (byte(index) == item.second) {
      if (--open == 0) return index + 1;
    } else if (byte(index) == item.first) {
      ++open;
    }
  }
  return std::nullopt;
}

Matcher::End Matcher::repeated(const PatternItem& item, std::size_t at) {
  const Capture& capture = captures_[item.first];
  step(capture.size / kBytesPerStep);
  const bool same = !capture.is_position &&
                    subject_.substr(at, capture.size) == subject_.substr(capture.begin, capture.size);
  return same ? End(at + capture.size) : std::nullopt;
}

bool Matcher::fits(const PatternItem& item, std::size_t at) const {
  return at < subject_.size() && item.set[static_cast<unsigned char>(subject_[at])];
}

bool Matcher::at_frontier(const PatternItem& item, std::size_t at) const {
  const unsigned char before = at == 0 ? 0 : static_cast<unsigned char>(subject_[at - 1]);
  const unsigned char after = at == subject_.size() ? 0 : static_cast<unsigned char>(subject_[at]);
  return !item.set[before] && item.set[after];
}

void Matcher::step(std::uint64_t steps) {
  uncharged_ += steps;
  if (uncharged_ >= kCheckInterval) settle();
}

void Matcher::settle() {
  charge_(std::exchange(uncharged_, 0));
}

}  // namespace fieldline::lua
