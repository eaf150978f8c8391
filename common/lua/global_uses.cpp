#include "common/lua/global_uses.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "common/lua/lexer.hpp"

namespace fieldline::lua {
namespace {

using Kind = Token::Kind;

// Sorted.
constexpr std::array<std::string_view, 22> kKeywords{
    "and", "break", "do",  "else", "elseif", "end",    "false",  "for",  "function", "goto",  "if",
    "in",  "local", "nil", "not",  "or",     "repeat", "return", "then", "true",     "until", "while"};
// Those that an expression may be.
constexpr std::array<std::string_view, 3> kConstants{"false", "nil", "true"};

// Follows Lua's grammar (reference manual, 9) as far as scopes need it: what binds stronger doesn't
// matter. Gives up on what Lua would not take, so that it ends on any input.
class ScopeWalk {
 public:
  explicit ScopeWalk(std::string_view source) : tokens_(tokens_of(source)) {}

  std::optional<std::vector<GlobalUse>> run() {
    block();
    if (broken_ || token().kind != Kind::kEnd) return std::nullopt;
    return std::move(uses_);
  }

 private:
  // Lua's own limit is 200 levels; each has at most one statement and one expression here.
  static constexpr int kMaxLevels = 500;

  [[nodiscard]] const Token& token(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  [[nodiscard]] bool is_symbol(std::string_view text, std::size_t ahead = 0) const {
    return token(ahead).is_symbol(text);
  }
  [[nodiscard]] bool is_word(std::string_view text) const {
    return token().kind == Kind::kName && token().text == text;
  }
  [[nodiscard]] bool is_identifier() const {
    return token().kind == Kind::kName && !std::ranges::binary_search(kKeywords, token().text);
  }

  bool accept(std::string_view text) {
    if (broken_ || !(is_symbol(text) || is_word(text))) return false;
    ++at_;
    return true;
  }
  void expect(std::string_view text) {
    if (!accept(text)) broken_ = true;
  }
  Token identifier() {
    if (!is_identifier()) broken_ = true;
    if (broken_) return {};
    return tokens_[at_++];
  }

  class Level {
   public:
    explicit Level(ScopeWalk& walk) : walk_(walk) {
      if (++walk_.levels_ > kMaxLevels) walk_.broken_ = true;
    }
    ~Level() { --walk_.levels_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    ScopeWalk& walk_;
  };

  class Scope {
   public:
    explicit Scope(ScopeWalk& walk) : walk_(walk), outside_(walk.locals_.size()) {}
    ~Scope() {
      for (; walk_.locals_.size() > outside_; walk_.locals_.pop_back())
        --walk_.visible_[walk_.locals_.back()];
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    ScopeWalk& walk_;
    const std::size_t outside_;
  };

  void declare(const std::string& name) {
    locals_.push_back(name);
    ++visible_[name];
  }
  [[nodiscard]] bool is_local(const std::string& name) const {
    const auto found = visible_.find(name);
    return found != visible_.end() && found->second > 0;
  }
  void use(const Token& name, bool assigned) {
    if (is_local(name.text) || is_local("_ENV")) return;
    uses_.push_back({name.text, name.line, assigned});
  }

  void block() {
    const Scope scope(*this);
    statements();
  }

  void statements() {
    while (!broken_ && token().kind != Kind::kEnd && !is_word("end") && !is_word("else") &&
           !is_word("elseif") && !is_word("until")) {
      statement();
    }
  }

  void statement() {
    const Level level(*this);
    if (accept(";") || accept("break")) return;
    if (accept("if")) return condition();
    if (accept("while")) {
      expression();
      expect("do");
      block();
      return expect("end");
    }
    if (accept("do")) {
      block();
      return expect("end");
    }
    if (accept("for")) return loop();
    if (accept("repeat")) {
      const Scope scope(*this);  // the condition sees what the body declares
      statements();
      expect("until");
      return expression();
    }
    if (accept("function")) return named_function();
    if (accept("local")) return accept("function") ? local_function() : local();
    if (accept("return")) return results();
    if (accept("goto")) {
      identifier();
      return;
    }
    if (accept("::")) {
      identifier();
      return expect("::");
    }
    assignment_or_call();
  }

  void condition() {
    do {
      expression();
      expect("then");
      block();
    } while (accept("elseif"));
    if (accept("else")) block();
    expect("end");
  }

  void loop() {
    std::vector<std::string> names;
    do {
      names.push_back(identifier().text);
    } while (accept(","));
    if (!accept("=")) expect("in");
    expressions();
    expect("do");
    const Scope scope(*this);
    for (const auto& name : names) declare(name);
    statements();
    expect("end");
  }

  void named_function() {
    const auto name = identifier();
    const bool member = is_symbol(".") || is_symbol(":");
    use(name, !member);
    while (accept(".")) identifier();
    const bool method = accept(":");
    if (method) identifier();
    function_body(method);
  }

  void local_function() {
    declare(identifier().text);  // it may call itself
    function_body(false);
  }

  void local() {
    std::vector<std::string> names;
    do {
      names.push_back(identifier().text);
      if (accept("<")) {
        identifier();
        expect(">");
      }
    } while (accept(","));
    if (accept("=")) expressions();
    for (const auto& name : names) declare(name);
  }

  void results() {
    const bool none = token().kind == Kind::kEnd || is_symbol(";") || is_word("end") || is_word("else") ||
                      is_word("elseif") || is_word("until");
    if (!none) expressions();
    accept(";");
  }

  void assignment_or_call() {
    std::vector<Token> targets;
    do {
      if (auto name = suffixed()) targets.push_back(std::move(*name));
    } while (accept(","));
    if (accept("=")) expressions();
    for (const auto& target : targets) use(target, true);
  }

  void function_body(bool method) {
    const Scope scope(*this);
    if (method) declare("self");
    expect("(");
    while (!broken_ && !is_symbol(")")) {
      if (!accept("...")) declare(identifier().text);
      if (!accept(",")) break;
    }
    expect(")");
    statements();
    expect("end");
  }

  void expressions() {
    do {
      expression();
    } while (accept(","));
  }

  void expression() {
    const Level level(*this);
    do {
      while (accept("not") || accept("-") || accept("#") || accept("~")) continue;
      operand();
    } while (accept_operator());
  }

  void operand() {
    if (broken_) return;
    const bool constant =
        token().kind == Kind::kName && std::ranges::find(kConstants, token().text) != kConstants.end();
    if (constant || token().kind == Kind::kNumber || token().kind == Kind::kString || is_symbol("...")) {
      ++at_;
      return;
    }
    if (is_symbol("{")) return table();
    if (accept("function")) return function_body(false);
    if (const auto name = suffixed()) use(*name, false);
  }

  // The lexer has single characters: == is two of them.
  bool accept_operator() {
    if (accept("and") || accept("or") || accept("..")) return true;
    for (const auto* doubled : {"<", ">", "/"}) {
      if (!accept(doubled)) continue;
      if (!accept(doubled)) accept("=");
      return true;
    }
    if (is_symbol("=") && is_symbol("=", 1)) {
      at_ += 2;
      return true;
    }
    if (accept("~")) {
      accept("=");
      return true;
    }
    return accept("+") || accept("-") || accept("*") || accept("%") || accept("^") || accept("&") ||
           accept("|");
  }

  // A bare name, whose use is for the caller to tell; everything else is told.
  std::optional<Token> suffixed() {
    std::optional<Token> name;
    if (accept("(")) {
      expression();
      expect(")");
    } else {
      name = identifier();
    }
    while (!broken_ && suffix(name)) continue;
    if (broken_) return std::nullopt;
    return name;
  }

  bool suffix(std::optional<Token>& name) {
    const bool call = is_symbol("(") || is_symbol("{") || token().kind == Kind::kString;
    if (!call && !is_symbol(".") && !is_symbol("[") && !is_symbol(":")) return false;
    if (const auto base = std::exchange(name, std::nullopt)) use(*base, false);
    if (accept(".")) {
      identifier();
    } else if (accept("[")) {
      expression();
      expect("]");
    } else {
      if (accept(":")) identifier();
      arguments();
    }
    return true;
  }

  void arguments() {
    if (token().kind == Kind::kString) {
      ++at_;
    } else if (is_symbol("{")) {
      table();
    } else {
      expect("(");
      if (!is_symbol(")")) expressions();
      expect(")");
    }
  }

  void table() {
    expect("{");
    while (!broken_ && !is_symbol("}")) {
      if (accept("[")) {
        expression();
        expect("]");
        expect("=");
      } else if (is_identifier() && is_symbol("=", 1) && !is_symbol("=", 2)) {
        at_ += 2;
      }
      expression();
      if (!accept(",") && !accept(";")) break;
    }
    expect("}");
  }

  const std::vector<Token> tokens_;
  std::size_t at_ = 0;
  bool broken_ = false;
  int levels_ = 0;
  std::vector<std::string> locals_;               // that are in scope
  std::unordered_map<std::string, int> visible_;  // how many of them have this name
  std::vector<GlobalUse> uses_;
};

}  // namespace

std::optional<std::vector<GlobalUse>> global_uses(std::string_view source) {
  return ScopeWalk(source).run();
}

}  // namespace fieldline::lua
