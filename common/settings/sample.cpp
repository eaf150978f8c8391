#include "common/settings/sample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace fieldline::settings {
namespace {

std::vector<std::string_view> steps(std::string_view key) {
  std::vector<std::string_view> parts;
  for (auto dot = key.find('.'); dot != key.npos; dot = key.find('.')) {
    parts.push_back(key.substr(0, dot));
    key.remove_prefix(dot + 1);
  }
  parts.push_back(key);
  return parts;
}

std::string value_text(const Option& option) {
  if (!option.list) return option.defaults.empty() ? "" : " " + yaml_scalar(option.defaults.front());
  std::string text = " [";
  for (const auto& item : option.defaults) {
    if (text.size() > 2) text += ", ";
    text += yaml_scalar(item);
  }
  return text + "]";
}

}  // namespace

std::string yaml_scalar(const std::string& text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-:";
  constexpr std::string_view kNulls[] = {"", "null", "Null", "NULL"};
  const bool plain = text.find_first_not_of(kPlain) == text.npos && text.find_first_of("-:") != 0 &&
                     (text.empty() || text.back() != ':') &&
                     std::find(std::begin(kNulls), std::end(kNulls), text) == std::end(kNulls);
  if (plain) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

std::string sample_file(const std::string& program, std::span<const Option> options) {
  auto text = fmt::format(
      "# Settings of {}. A line that begins with '#' and a letter is a setting at its\n"
      "# default: remove the '#' to change it. Flags of the same names take precedence.\n",
      program);
  std::vector<std::string_view> group;
  for (const auto& option : options) {
    auto path = steps(option.key);
    const auto name = path.back();
    path.pop_back();
    const auto common = std::mismatch(group.begin(), group.end(), path.begin(), path.end()).second;
    text += '\n';
    for (auto step = common; step != path.end(); ++step) {
      text += fmt::format("{:{}}{}:\n", "", 2 * (step - path.begin()), *step);
    }
    const auto indent = 2 * path.size();
    text += fmt::format("{:{}}# {} ({})\n", "", indent, option.help, option.kind);
    text += fmt::format("{:{}}{}{}:{}\n", "", indent, option.required ? "" : "#", name, value_text(option));
    group = std::move(path);
  }
  return text;
}

}  // namespace fieldline::settings
