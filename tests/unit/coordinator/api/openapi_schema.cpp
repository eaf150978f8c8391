#include "tests/unit/coordinator/api/openapi_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

namespace fieldline::api::test {
namespace {

bool has_type(const Json& value, const std::string& type) {
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.is_boolean();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "string") return value.is_string();
  if (type == "array") return value.is_array();
  return type == "object" && value.is_object();
}

bool has_type(const Json& value, const Json& types) {
  if (types.is_string()) return has_type(value, types.get<std::string>());
  return std::ranges::any_of(types,
                             [&](const Json& type) { return has_type(value, type.get<std::string>()); });
}

std::regex path_pattern(const std::string& path) {
  return std::regex(std::regex_replace(path, std::regex("\\{[^}]*\\}"), "[^/]+"));
}

}  // namespace

const Json& OpenApi::resolve(const Json& node) const {
  if (!node.is_object() || !node.contains("$ref")) return node;
  return resolve(document_.at(Json::json_pointer(node.at("$ref").get<std::string>().substr(1))));
}

void OpenApi::check_object(const Json& schema, const Json& value, const std::string& place,
                           std::vector<std::string>& found) const {
  for (const auto& field : schema.value("required", Json::array())) {
    if (!value.contains(field.get<std::string>()))
      found.push_back(fmt::format("{} lacks {}", place, field.dump()));
  }
  const auto properties = schema.value("properties", Json::object());
  for (const auto& [key, item] : value.items()) {
    const auto at = place + "/" + key;
    const Json* of_item = nullptr;
    if (properties.contains(key)) of_item = &properties.at(key);
    const auto rest = schema.find("additionalProperties");
    if (of_item == nullptr && rest != schema.end()) {
      if (rest->is_boolean() && !rest->get<bool>()) found.push_back(at + " is not described");
      if (rest->is_object()) of_item = &*rest;
    }
    if (of_item == nullptr) continue;
    for (auto& violation : violations(*of_item, item, at)) found.push_back(std::move(violation));
  }
}

void OpenApi::check_scalar(const Json& schema, const Json& value, const std::string& place,
                           std::vector<std::string>& found) const {
  if (schema.contains("const") && schema.at("const") != value)
    found.push_back(place + " is not the constant");
  if (schema.contains("enum") && std::ranges::find(schema.at("enum"), value) == schema.at("enum").end())
    found.push_back(fmt::format("{} is not one of {}", place, schema.at("enum").dump()));
  if (schema.contains("pattern") && value.is_string() &&
      !std::regex_search(value.get<std::string>(), std::regex(schema.at("pattern").get<std::string>())))
    found.push_back(fmt::format("{} does not match {}", place, schema.at("pattern").dump()));
  if (schema.contains("minimum") && value < schema.at("minimum")) found.push_back(place + " is too small");
  if (schema.contains("maximum") && value > schema.at("maximum")) found.push_back(place + " is too large");
}

std::vector<std::string> OpenApi::violations(const Json& unresolved, const Json& value,
                                             const std::string& place) const {
  const auto& schema = resolve(unresolved);
  std::vector<std::string> found;
  if (schema.contains("type") && !has_type(value, schema.at("type")))
    return {fmt::format("{} is not {}: {}", place, schema.at("type").dump(), value.dump())};
  check_scalar(schema, value, place, found);
  if (value.is_object()) check_object(schema, value, place, found);
  if (value.is_array() && schema.contains("items")) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      for (auto& violation : violations(schema.at("items"), value[i], fmt::format("{}/{}", place, i)))
        found.push_back(std::move(violation));
    }
  }
  for (const auto& part : schema.value("allOf", Json::array())) {
    for (auto& violation : violations(part, value, place)) found.push_back(std::move(violation));
  }
  for (const auto* choice : {"oneOf", "anyOf"}) {
    if (!schema.contains(choice)) continue;
    const auto fitting = std::ranges::count_if(
        schema.at(choice), [&](const Json& option) { return violations(option, value, place).empty(); });
    if (fitting == 0 || (fitting > 1 && std::string_view(choice) == "oneOf"))
      found.push_back(fmt::format("{} fits {} of the alternatives", place, fitting));
  }
  return found;
}

const Json* OpenApi::operation(const std::string& method, const std::string& path) const {
  std::string lower = method == "HEAD" ? "get" : method;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto& paths = document_.at("paths");
  if (paths.contains(path) && paths.at(path).contains(lower)) return &paths.at(path).at(lower);
  for (const auto& [pattern, operations] : paths.items()) {
    if (operations.contains(lower) && std::regex_match(path, path_pattern(pattern)))
      return &operations.at(lower);
  }
  return nullptr;
}

std::vector<std::string> OpenApi::violations_of_answer(const std::string& method, const std::string& path,
                                                       int status, const std::string& media,
                                                       const std::string& body) const {
  const auto* described = operation(method, path.substr(0, path.find('?')));
  if (described == nullptr) return {};
  const auto& responses = described->at("responses");
  if (!responses.contains(std::to_string(status)))
    return {fmt::format("{} does not have status {}", described->at("operationId").dump(), status)};
  const auto& response = resolve(responses.at(std::to_string(status)));
  if (!response.contains("content")) return body.empty() ? std::vector<std::string>() : std::vector{body};
  const auto type = media.substr(0, media.find(';'));
  if (!response.at("content").contains(type))
    return {fmt::format("the media type {} is not described", type)};
  if (!type.ends_with("json")) return {};
  return violations(response.at("content").at(type).at("schema"), Json::parse(body));
}

}  // namespace fieldline::api::test
