// A pattern at work on one subject, for string.find, match, gmatch and gsub. Lives within one call of
// them, whose stack keeps the subject.
#pragma once

#include <span>
#include <string_view>

#include "common/lua/pattern.hpp"

struct lua_State;

namespace fieldline::lua {

// The string argument at `index`, or raises.
std::string_view text_at(lua_State* thread, int index);
// Raises for a malformed pattern.
Pattern compiled(lua_State* thread, std::string_view text);

class Search {
 public:
  // Borrows both.
  Search(lua_State* thread, std::string_view subject, std::span<const PatternItem> items,
         std::size_t captures);

  // Looks at `begin` only.
  bool match(std::size_t begin);
  // Looks from `begin` on.
  bool find(std::size_t begin);

  // Of the latest match.
  [[nodiscard]] std::size_t begin() const { return begin_; }
  [[nodiscard]] std::size_t end() const { return end_; }
  [[nodiscard]] std::string_view whole() const { return subject_.substr(begin_, end_ - begin_); }

  // How many captures the pattern has.
  [[nodiscard]] std::size_t captures() const { return captures_; }
  // Capture `number`, from 0. A pattern without captures has one: the whole match.
  void push_capture(std::size_t number) const;
  // The captures; none when the pattern has none.
  int push_captures() const;
  // The captures, or the whole match.
  int push_match() const;

 private:
  int push_first(std::size_t count) const;
  void push(std::string_view text) const;

  lua_State* thread_;
  std::string_view subject_;
  std::size_t captures_;
  Matcher matcher_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace fieldline::lua
