// Builds a JSON tree from the events of a parser, YAML or JSON, under one set of rules: no duplicate
// keys, bounded nesting. It can watch for one place of the tree and tell the line it begins on.
#pragma once

#include <string>
#include <vector>

#include "common/model/json.hpp"

namespace fieldline::templates {

class TreeBuilder {
 public:
  // `watched` is an RFC 6901 pointer; its line is found while the tree is built.
  explicit TreeBuilder(const std::string* watched = nullptr) : watched_(watched) {}

  // Each returns false when the tree breaks a rule: then problem() says how, and building is over.
  bool open(Json container, int line);
  bool key(std::string text, int line);
  bool scalar(Json value, int line);
  void close();

  // Is a key due next, inside an object?
  [[nodiscard]] bool expects_key() const;
  [[nodiscard]] const std::string& problem() const { return problem_; }
  // Of the nearest place around the watched one that the text has; 0: none.
  [[nodiscard]] int watched_line() const { return watched_line_; }
  [[nodiscard]] Json take() { return std::move(root_); }

 private:
  struct Frame {
    Json container;
    std::string key;
    bool has_key = false;
  };

  void note(int line);
  void place(Json value);

  std::vector<Frame> frames_;
  Json root_;
  std::string problem_;
  const std::string* watched_;
  int watched_line_ = 0;
};

}  // namespace fieldline::templates
