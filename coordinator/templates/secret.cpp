#include "coordinator/templates/secret.hpp"

namespace fieldline::templates {

Json to_json(const Secret& secret) {
  return {{"set", secret.state != Secret::State::kAbsent}};
}

Result<> from_json(const Json& json, Secret& out, const std::string& pointer) {
  if (json.is_string()) {
    out = {Secret::State::kPlain, {}, json.get<std::string>()};
    return {};
  }
  if (json.is_object() && json.size() == 1 && json.contains("set") && json["set"] == true) {
    out = {Secret::State::kKept, {}, {}};
    return {};
  }
  // What is there instead is not quoted: it may be the secret.
  return fieldline::detail::wrong_type(pointer, "a text, or {set: true} for the one that is stored");
}

}  // namespace fieldline::templates
