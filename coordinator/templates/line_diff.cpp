#include "coordinator/templates/line_diff.hpp"

#include <algorithm>
#include <cstddef>

#include "coordinator/templates/limits.hpp"

namespace fieldline::templates {
namespace {

using Lines = std::vector<std::string_view>;

// Joined by line ends they are the text again, so a last line end counts as an empty line after it.
Lines lines_of(std::string_view text) {
  Lines lines;
  for (;;) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

// Myers' greedy search between what is left once the common head and tail are cut off. `furthest[d]`
// holds, for each diagonal k = x - y that d edits reach, the furthest x; its index is k + d.
class Search {
 public:
  Search(const Lines& from, const Lines& to) : from_(from), to_(to) {
    const auto shorter = std::min(from.size(), to.size());
    while (head_ < shorter && from[head_] == to[head_]) ++head_;
    while (tail_ < shorter - head_ && from[from.size() - 1 - tail_] == to[to.size() - 1 - tail_]) ++tail_;
  }

  std::vector<LineEdit> run() {
    const auto edits_needed = search();
    if (edits_needed < 0) {
      replace_all();
    } else {
      walk_back(edits_needed);
    }
    return std::move(edits_);
  }

 private:
  using Index = std::ptrdiff_t;

  [[nodiscard]] Index width() const { return static_cast<Index>(from_.size() - head_ - tail_); }
  [[nodiscard]] Index height() const { return static_cast<Index>(to_.size() - head_ - tail_); }
  [[nodiscard]] bool same(Index x, Index y) const {
    return from_[head_ + static_cast<std::size_t>(x)] == to_[head_ + static_cast<std::size_t>(y)];
  }

  // Does the best way to diagonal k with d edits end in an added line (down), not in a removed one?
  [[nodiscard]] bool comes_down(Index d, Index k) const {
    return k == -d || (k != d && reached(d - 1, k - 1) < reached(d - 1, k + 1));
  }
  [[nodiscard]] Index reached(Index d, Index k) const {
    return furthest_[static_cast<std::size_t>(d)][static_cast<std::size_t>(k + d)];
  }

  // The number of edits, or -1 beyond the limit.
  Index search() {
    for (Index d = 0; d <= static_cast<Index>(kMaxLineEdits); ++d) {
      furthest_.emplace_back(static_cast<std::size_t>(2 * d + 1));
      for (Index k = -d; k <= d; k += 2) {
        Index x = 0;
        if (d > 0) x = comes_down(d, k) ? reached(d - 1, k + 1) : reached(d - 1, k - 1) + 1;
        while (x < width() && x - k >= 0 && x - k < height() && same(x, x - k)) ++x;
        furthest_.back()[static_cast<std::size_t>(k + d)] = x;
        if (x >= width() && x - k >= height()) return d;
      }
    }
    return -1;
  }

  void walk_back(Index d) {
    Index k = width() - height();
    for (; d > 0; --d) {
      const bool down = comes_down(d, k);
      k += down ? 1 : -1;
      const auto x = reached(d - 1, k);
      if (down) {
        add(EditKind::kAdded, x - k);
      } else {
        add(EditKind::kRemoved, x);
      }
    }
    std::reverse(edits_.begin(), edits_.end());
  }

  void replace_all() {
    for (Index x = 0; x < width(); ++x) add(EditKind::kRemoved, x);
    for (Index y = 0; y < height(); ++y) add(EditKind::kAdded, y);
  }

  void add(EditKind kind, Index index) {
    const auto line = head_ + static_cast<std::size_t>(index);
    const auto& text = kind == EditKind::kAdded ? to_[line] : from_[line];
    edits_.push_back({kind, static_cast<std::int64_t>(line) + 1, std::string(text)});
  }

  const Lines& from_;
  const Lines& to_;
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
  std::vector<std::vector<Index>> furthest_;
  std::vector<LineEdit> edits_;
};

}  // namespace

std::vector<LineEdit> line_diff(std::string_view from, std::string_view to) {
  const auto from_lines = lines_of(from);
  const auto to_lines = lines_of(to);
  return Search(from_lines, to_lines).run();
}

}  // namespace fieldline::templates
