// Builds a JSON tree from the events of a parser, YAML or JSON, under one set of rules: no duplicate
// keys, bounded nesting and number of values. It can watch for one place of the tree and tell the line it
// begins on.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/model/json.hpp"

namespace fieldline::templates {

class TreeBuilder {
 public:
  // Takes at most `room` values, lists and objects. `watched` is an RFC 6901 pointer; its line is found
  // while the tree is built.
  explicit TreeBuilder(std::size_t room, const std::string* watched = nullptr)
      : room_(room), watched_(watched) {}

  // Each returns false when the tree breaks a rule: then problem() says how, and building is over.
  bool open(Json container, int line);
  bool key(std::string text, int line);
  bool scalar(Json value, int line);
  void close();

  // Is a key due next, inside an object?
  [[nodiscard]] bool expects_key() const;
  [[nodiscard]] const std::string& problem() const { return problem_; }
  // How many more it would take.
  [[nodiscard]] std::size_t room() const { return room_; }
  // Of the nearest place around the watched one that the text has; 0: none.
  [[nodiscard]] int watched_line() const { return watched_line_; }
  [[nodiscard]] Json take() { return std::move(root_); }

 private:
  struct Frame {
    Json container;
    std::string key;
    bool has_key = false;
  };

  bool take_room();
  void note(int line);
  void place(Json value);

  std::vector<Frame> frames_;
  Json root_;
  std::string problem_;
  std::size_t room_;
  const std::string* watched_;
  int watched_line_ = 0;
};

}  // namespace fieldline::templates
