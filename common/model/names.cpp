#include "common/model/names.hpp"

#include <algorithm>

namespace fieldline {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestPath = 1024;

constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_path(std::string_view text, char separator) {
  if (text.size() > kLongestPath) return false;
  for (;;) {
    const auto end = text.find(separator);
    if (!is_name(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-'; });
}

bool is_member_path(std::string_view text) {
  return is_path(text, '.');
}

bool is_area_path(std::string_view text) {
  return text.empty() || is_path(text, '/');
}

}  // namespace fieldline
