#include "common/lua/lexer.hpp"

#include <cstdint>
#include <utility>

namespace fieldline::lua {
namespace {

using Kind = Token::Kind;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool starts_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool in_word(char c) {
  return starts_word(c) || is_digit(c);
}

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::optional<unsigned> hex_digit(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

// Lua writes any number below 2^31, in up to six bytes.
void append_utf8(std::string& text, std::uint32_t code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
    return;
  }
  std::string tail;
  std::uint32_t room = 0x3F;  // what the first byte can hold
  do {
    tail.insert(tail.begin(), static_cast<char>(0x80U | (code & 0x3FU)));
    code >>= 6;
    room >>= 1;
  } while (code > room);
  text += static_cast<char>((~room << 1) | code);
  text += tail;
}

}  // namespace

Token Lexer::next() {
  if (!skip_blanks()) return token(Kind::kBad, "comment without end");
  if (done()) return token(Kind::kEnd, {});
  const char c = peek();
  if (starts_word(c)) return word();
  if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
  if (c == '"' || c == '\'') return quoted(take());
  if (const auto level = long_bracket()) {
    auto text = long_text(*level);
    return text ? token(Kind::kString, std::move(*text)) : token(Kind::kBad, "string without end");
  }
  return symbol();
}

char Lexer::peek(std::size_t ahead) const {
  return ahead < source_.size() - at_ ? source_[at_ + ahead] : '\0';
}

// \r\n and \n\r count as one line, as Lua counts.
char Lexer::take() {
  const char c = source_[at_++];
  if (c != '\n' && c != '\r') return c;
  const char other = c == '\n' ? '\r' : '\n';
  if (!done() && peek() == other) ++at_;
  ++line_;
  return '\n';
}

Token Lexer::token(Kind kind, std::string text) const {
  return Token{kind, std::move(text), line_};
}

bool Lexer::skip_blanks() {
  for (;;) {
    while (!done() && is_blank(peek())) take();
    if (peek() != '-' || peek(1) != '-') return true;
    at_ += 2;
    if (!skip_comment()) return false;
  }
}

bool Lexer::skip_comment() {
  if (const auto level = long_bracket()) return long_text(*level).has_value();
  while (!done() && peek() != '\n' && peek() != '\r') ++at_;
  return true;
}

Token Lexer::word() {
  const std::size_t begin = at_;
  while (in_word(peek())) ++at_;
  return token(Kind::kName, std::string(source_.substr(begin, at_ - begin)));
}

Token Lexer::number() {
  const std::size_t begin = at_;
  const bool hex = peek() == '0' && (peek(1) == 'x' || peek(1) == 'X');
  for (; in_word(peek()) || peek() == '.'; ++at_) {
    const char c = static_cast<char>(peek() | 0x20);
    const bool exponent = c == (hex ? 'p' : 'e');
    if (exponent && (peek(1) == '+' || peek(1) == '-')) ++at_;
  }
  return token(Kind::kNumber, std::string(source_.substr(begin, at_ - begin)));
}

Token Lexer::symbol() {
  std::string text(1, take());
  const std::size_t most = text == "." ? 3 : text == ":" ? 2 : 1;
  while (text.size() < most && peek() == text[0]) text += take();
  return token(Kind::kSymbol, std::move(text));
}

Token Lexer::quoted(char quote) {
  std::string text;
  while (!done() && peek() != quote) {
    if (peek() == '\n' || peek() == '\r') break;
    const char c = take();
    if (c != '\\')
      text += c;
    else if (done() || !escape(text))
      return token(Kind::kBad, "malformed escape");
  }
  if (done() || peek() != quote) return token(Kind::kBad, "string without end");
  ++at_;
  return token(Kind::kString, std::move(text));
}

bool Lexer::escape(std::string& text) {
  constexpr std::string_view kLetters = "abfnrtv\\\"'\n";
  constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\\"'\n";
  const char c = take();
  if (const auto index = kLetters.find(c); index != std::string_view::npos) {
    text += kValues[index];
    return true;
  }
  if (c == 'z') {
    while (!done() && is_blank(peek())) take();
    return true;
  }
  if (c == 'x') return hex_escape(text);
  if (c == 'u') return utf8_escape(text);
  return is_digit(c) && decimal_escape(text, c);
}

bool Lexer::hex_escape(std::string& text) {
  const auto high = hex_digit(peek());
  const auto low = hex_digit(peek(1));
  if (!high || !low) return false;
  at_ += 2;
  text += static_cast<char>(*high * 16 + *low);
  return true;
}

bool Lexer::decimal_escape(std::string& text, char first) {
  int value = first - '0';
  for (int digits = 1; digits < 3 && is_digit(peek()); ++digits) value = value * 10 + (take() - '0');
  text += static_cast<char>(value);
  return value <= 0xFF;
}

bool Lexer::utf8_escape(std::string& text) {
  if (peek() != '{' || !hex_digit(peek(1))) return false;
  std::uint64_t code = 0;
  for (++at_; hex_digit(peek()); ++at_) {
    code = code * 16 + *hex_digit(peek());
    if (code > 0x7FFFFFFF) return false;
  }
  if (peek() != '}') return false;
  ++at_;
  append_utf8(text, static_cast<std::uint32_t>(code));
  return true;
}

std::optional<std::size_t> Lexer::long_bracket() const {
  if (peek() != '[') return std::nullopt;
  std::size_t level = 0;
  while (peek(level + 1) == '=') ++level;
  if (peek(level + 1) != '[') return std::nullopt;
  return level;
}

std::optional<std::string> Lexer::long_text(std::size_t level) {
  const std::string close = "]" + std::string(level, '=') + "]";
  at_ += level + 2;
  if (peek() == '\n' || peek() == '\r') take();
  std::string text;
  while (!done()) {
    if (peek() == ']' && source_.substr(at_, close.size()) == close) {
      at_ += close.size();
      return text;
    }
    text += take();
  }
  return std::nullopt;
}

std::vector<Token> tokens_of(std::string_view source) {
  Lexer lexer(source);
  std::vector<Token> tokens;
  do {
    tokens.push_back(lexer.next());
  } while (tokens.back().kind != Kind::kEnd && tokens.back().kind != Kind::kBad);
  return tokens;
}

}  // namespace fieldline::lua
