#include "common/lua/literal_calls.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/lua/api.hpp"
#include "common/lua/lexer.hpp"

namespace fieldline::lua {
namespace {

using Kind = Token::Kind;

// The table whose members are the names.
constexpr std::string_view kShared = "shared";

bool names_something(std::string_view function) {
  const auto found = std::ranges::find(kApi, function, &ApiFunction::name);
  return found != kApi.end() && found->names_something;
}

class Scan {
 public:
  explicit Scan(std::string_view source) : tokens_(tokens_of(source)) {}

  std::vector<LiteralCall> run() {
    std::vector<LiteralCall> calls;
    for (std::size_t at = 0; at < tokens_.size(); ++at) {
      if (tokens_[at].kind != Kind::kName || is_member(at)) continue;
      auto call = tokens_[at].text == kShared ? member(at) : named(at);
      if (call) calls.push_back(std::move(*call));
    }
    return calls;
  }

 private:
  [[nodiscard]] const Token& at(std::size_t index) const {
    return tokens_[std::min(index, tokens_.size() - 1)];
  }

  // x.attributes is another thing than attributes.
  [[nodiscard]] bool is_member(std::size_t index) const {
    return index > 0 && (at(index - 1).is_symbol(".") || at(index - 1).is_symbol(":"));
  }

  // shared.name, shared["name"]
  [[nodiscard]] std::optional<LiteralCall> member(std::size_t index) const {
    const bool dotted = at(index + 1).is_symbol(".") && at(index + 2).kind == Kind::kName;
    const bool keyed =
        at(index + 1).is_symbol("[") && at(index + 2).kind == Kind::kString && at(index + 3).is_symbol("]");
    if (!dotted && !keyed) return std::nullopt;
    return LiteralCall{std::string(kShared), at(index + 2).text, at(index + 2).line};
  }

  // api.function("name", …), api.function "name"
  [[nodiscard]] std::optional<LiteralCall> named(std::size_t index) const {
    if (!at(index + 1).is_symbol(".") || at(index + 2).kind != Kind::kName) return std::nullopt;
    std::string api = at(index).text + "." + at(index + 2).text;
    if (!names_something(api)) return std::nullopt;
    const bool bracketed = at(index + 3).is_symbol("(");
    const Token& argument = at(index + (bracketed ? 4 : 3));
    if (argument.kind != Kind::kString) return std::nullopt;
    const Token& behind = at(index + 5);
    if (bracketed && !behind.is_symbol(",") && !behind.is_symbol(")")) return std::nullopt;
    return LiteralCall{std::move(api), argument.text, argument.line};
  }

  const std::vector<Token> tokens_;
};

}  // namespace

std::vector<LiteralCall> literal_calls(std::string_view source) {
  return Scan(source).run();
}

}  // namespace fieldline::lua
