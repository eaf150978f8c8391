#include "coordinator/api/media.hpp"

#include <algorithm>
#include <vector>

namespace fieldline::api {
namespace {

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// The opaque tags of a list: `"a", "b"` → a, b. Weak ones stay quoted, and so equal no revision.
std::vector<std::string_view> tags(std::string_view list) {
  std::vector<std::string_view> found;
  while (!list.empty()) {
    const auto end = std::min(list.find(','), list.size());
    auto tag = trim(list.substr(0, end));
    if (tag.size() >= 2 && tag.starts_with('"') && tag.ends_with('"')) tag = tag.substr(1, tag.size() - 2);
    if (!tag.empty()) found.push_back(tag);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return found;
}

}  // namespace

std::string media_type(const Head& head) {
  std::string type(trim(head.headers.find("Content-Type").value_or("")));
  type.erase(std::min(type.find(';'), type.size()));
  std::ranges::transform(type, type.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return std::string(trim(type));
}

std::optional<templates::TextFormat> text_format(const Head& head) {
  const auto type = media_type(head);
  if (type == "application/json") return templates::TextFormat::kJson;
  if (type == "application/yaml" || type == "application/x-yaml" || type == "text/yaml")
    return templates::TextFormat::kYaml;
  return std::nullopt;
}

std::string etag(std::string_view revision) {
  return "\"" + std::string(revision) + "\"";
}

std::optional<std::string> if_match(const Head& head, std::string_view current) {
  const auto field = head.headers.find("If-Match");
  if (!field) return std::nullopt;
  const auto listed = tags(*field);
  if (std::ranges::find(listed, current) != listed.end()) return std::string(current);
  return listed.empty() ? std::string() : std::string(listed.front());
}

bool is_known(const Head& head, std::string_view current) {
  const auto field = head.headers.find("If-None-Match");
  if (!field) return false;
  const auto listed = tags(*field);
  return std::ranges::find(listed, current) != listed.end() || std::ranges::find(listed, "*") != listed.end();
}

}  // namespace fieldline::api
