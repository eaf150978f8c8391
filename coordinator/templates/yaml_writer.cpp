#include <fmt/format.h>

#include <algorithm>

#include "common/base/check.hpp"
#include "coordinator/templates/text.hpp"

namespace fieldline::templates {
namespace {

// Words that a YAML reader, of 1.1 or 1.2, may take for something else than text.
constexpr std::array<std::string_view, 9> kReserved{"null", "true", "false", "yes", "no",
                                                    "on",   "off",  "y",     "n"};

bool is_plain_safe(const std::string& text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_safe = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '/';
  };
  if (text.empty() || !is_letter(text.front()) || !std::all_of(text.begin(), text.end(), is_safe))
    return false;
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return static_cast<char>(c | 0x20); });
  return std::find(kReserved.begin(), kReserved.end(), lower) == kReserved.end();
}

// A block keeps lines as they are, so only text that every reader leaves alone may stand in one.
bool is_block_safe(const std::string& text) {
  const auto is_printable = [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); };
  return text.size() > 1 && text.back() == '\n' && text[text.size() - 2] != '\n' && text.front() != ' ' &&
         text.front() != '\n' && text.find(" \n") == std::string::npos &&
         std::all_of(text.begin(), text.end(), is_printable);
}

class Writer {
 public:
  std::string write(const Json& tree) {
    node(tree, 0);
    return std::move(out_);
  }

 private:
  static std::string scalar(const Json& value) {
    if (!value.is_string()) return value.dump();
    const auto& text = value.get_ref<const std::string&>();
    // JSON's escapes are a part of YAML's; ASCII only, so no character is taken for a line break.
    return is_plain_safe(text) ? text : value.dump(-1, ' ', true);
  }

  void indent(std::size_t depth) { out_.append(2 * depth, ' '); }

  void block(const std::string& text, std::size_t depth) {
    out_ += " |\n";
    for (std::size_t from = 0; from < text.size();) {
      const auto end = text.find('\n', from);
      if (end != from) indent(depth);
      out_.append(text, from, end + 1 - from);
      from = end + 1;
    }
  }

  // What follows "key:" or "-": on the same line if it is a scalar, else on the next ones.
  void child(const Json& value, std::size_t depth) {
    if (value.is_string() && is_block_safe(value.get_ref<const std::string&>())) {
      block(value.get_ref<const std::string&>(), depth);
    } else if (value.is_structured() && !value.empty()) {
      out_ += '\n';
      node(value, depth);
    } else {
      out_ += ' ';
      out_ += scalar(value);
      out_ += '\n';
    }
  }

  void node(const Json& value, std::size_t depth) {
    if (value.is_object() && !value.empty()) {
      for (const auto& [key, item] : value.items()) {
        indent(depth);
        out_ += scalar(Json(key));
        out_ += ':';
        child(item, depth + 1);
      }
    } else if (value.is_array() && !value.empty()) {
      for (const auto& item : value) {
        indent(depth);
        out_ += '-';
        child(item, depth + 1);
      }
    } else {
      out_ += scalar(value);
      out_ += '\n';
    }
  }

  std::string out_;
};

}  // namespace

std::string yaml_of(const Json& tree) {
  return Writer().write(tree);
}

}  // namespace fieldline::templates
