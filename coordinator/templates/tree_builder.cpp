#include "coordinator/templates/tree_builder.hpp"

#include <fmt/format.h>

#include "coordinator/templates/limits.hpp"

namespace fieldline::templates {

bool TreeBuilder::take_room() {
  if (room_ == 0) {
    problem_ = fmt::format("a text has more than {} values, lists and objects", kMaxValues);
    return false;
  }
  --room_;
  return true;
}

bool TreeBuilder::open(Json container, int line) {
  if (!take_room()) return false;
  if (frames_.size() == kMaxNesting) {
    problem_ = fmt::format("lists and objects nest deeper than {}", kMaxNesting);
    return false;
  }
  note(line);
  frames_.push_back({std::move(container), {}, false});
  return true;
}

bool TreeBuilder::key(std::string text, int line) {
  auto& frame = frames_.back();
  if (frame.container.contains(text)) {
    problem_ = fmt::format("the key '{}' stands twice in one object", text);
    return false;
  }
  frame.key = std::move(text);
  frame.has_key = true;
  note(line);
  return true;
}

bool TreeBuilder::scalar(Json value, int line) {
  if (!take_room()) return false;
  note(line);
  place(std::move(value));
  return true;
}

void TreeBuilder::close() {
  auto container = std::move(frames_.back().container);
  frames_.pop_back();
  place(std::move(container));
}

bool TreeBuilder::expects_key() const {
  return !frames_.empty() && frames_.back().container.is_object() && !frames_.back().has_key;
}

void TreeBuilder::place(Json value) {
  if (frames_.empty()) {
    root_ = std::move(value);
    return;
  }
  auto& frame = frames_.back();
  if (frame.container.is_array()) {
    frame.container.push_back(std::move(value));
  } else {
    frame.container[frame.key] = std::move(value);
    frame.has_key = false;
  }
}

// The watched place is entered from its ancestors downwards, so the last match is the nearest.
void TreeBuilder::note(int line) {
  if (watched_ == nullptr) return;
  std::string here;
  for (const auto& frame : frames_) {
    here += frame.container.is_array() ? fmt::format("/{}", frame.container.size()) : pointer_step(frame.key);
  }
  const bool around = watched_->compare(0, here.size(), here) == 0 &&
                      (watched_->size() == here.size() || (*watched_)[here.size()] == '/');
  if (around && (watched_line_ == 0 || !here.empty())) watched_line_ = line;
}

}  // namespace fieldline::templates
