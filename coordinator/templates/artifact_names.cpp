#include "coordinator/templates/artifact_names.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace fieldline::templates {
namespace {

constexpr std::array<std::pair<std::string_view, DocumentKind>, 4> kTables{{
    {"database.", DocumentKind::kDatabaseConnection},
    {"external.", DocumentKind::kExternalSystem},
    {"notify.", DocumentKind::kNotificationList},
    {"shared", DocumentKind::kSharedScript},
}};

using Keys = std::vector<DocumentKey>;

void add_source(const std::string& source, Keys& keys) {
  for (const auto& call : lua::literal_calls(source)) {
    if (auto key = artifact_named(call)) keys.push_back(std::move(*key));
  }
}

void add_layer(const Layer& layer, Keys& keys) {
  for (const auto& [name, script] : layer.scripts) add_source(script.value.source, keys);
}

void add_spec(const SharedScriptSpec& spec, Keys& keys) {
  add_source(spec.source, keys);
}
void add_spec(const TemplateSpec& spec, Keys& keys) {
  add_layer(spec, keys);
  for (const auto& [name, slot] : spec.slots) add_layer(slot, keys);
}
void add_spec(const InstanceSpec& spec, Keys& keys) {
  add_layer(spec, keys);
}
template <class Other>
void add_spec(const Other& /*without Lua*/, Keys& /*keys*/) {}

}  // namespace

std::optional<DocumentKey> artifact_named(const lua::LiteralCall& call) {
  const auto table =
      std::ranges::find_if(kTables, [&](const auto& item) { return call.api.starts_with(item.first); });
  return table == kTables.end() ? std::nullopt : std::optional<DocumentKey>({table->second, call.name});
}

std::vector<DocumentKey> artifacts_named(const Spec& spec) {
  Keys keys;
  std::visit([&](const auto& of_kind) { add_spec(of_kind, keys); }, spec);
  std::ranges::sort(keys);
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

}  // namespace fieldline::templates
