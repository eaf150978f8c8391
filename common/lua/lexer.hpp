// Lua's tokens (reference manual, 3.1), as far as names, strings and punctuation go: what a number or
// an operator is worth doesn't matter here. Works on any bytes. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fieldline::lua {

struct Token {
  enum class Kind { kName, kString, kNumber, kSymbol, kEnd, kBad };
  Kind kind = Kind::kEnd;
  std::string text;  // of a string its value; symbols are single characters but for .. ... ::
  int line = 0;      // on which it ends, from 1

  [[nodiscard]] bool is_symbol(std::string_view symbol) const {
    return kind == Kind::kSymbol && text == symbol;
  }
};

class Lexer {
 public:
  // Borrows it.
  explicit Lexer(std::string_view source) : source_(source) {}

  // After kEnd and kBad nothing more comes.
  Token next();

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const;
  [[nodiscard]] bool done() const { return at_ >= source_.size(); }
  char take();
  Token token(Token::Kind kind, std::string text) const;

  // False when a comment doesn't end.
  bool skip_blanks();
  bool skip_comment();
  Token word();
  Token number();
  Token symbol();
  Token quoted(char quote);
  // What stands behind a backslash, appended to `text`; false when it is malformed.
  bool escape(std::string& text);
  bool hex_escape(std::string& text);
  bool decimal_escape(std::string& text, char first);
  bool utf8_escape(std::string& text);
  // The level of a long bracket that opens here: [[ is 0, [=[ is 1.
  [[nodiscard]] std::optional<std::size_t> long_bracket() const;
  // Its content; empty when it doesn't end.
  std::optional<std::string> long_text(std::size_t level);

  std::string_view source_;
  std::size_t at_ = 0;
  int line_ = 1;
};

// All of them, with the kEnd or kBad at which they end: a look ahead needs no other bound.
std::vector<Token> tokens_of(std::string_view source);

}  // namespace fieldline::lua
