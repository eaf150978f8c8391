#include "coordinator/templates/document.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/check.hpp"
#include "common/base/hash.hpp"
#include "common/model/names.hpp"
#include "coordinator/templates/artifact_names.hpp"
#include "coordinator/templates/artifact_specs.hpp"
#include "coordinator/templates/limits.hpp"
#include "coordinator/templates/sealing.hpp"

namespace fieldline::templates {
namespace {

constexpr auto kFolders = std::to_array<std::string_view>(
    {"sites", "connections", "shared-scripts", "external-systems", "database-connections", "smtp-settings",
     "notification-lists", "templates", "instances"});
static_assert(kFolders.size() == kDocumentKinds && kEnumNames<DocumentKind>.size() == kDocumentKinds);

// What a reader would put there anyway is left out: the canonical form has one way to say a thing.
template <class T>
Json sparse_json(const T& value);

template <class T>
Json sparse_json(const std::map<std::string, T>& map) {
  auto object = Json::object();
  for (const auto& [key, item] : map) object[key] = sparse_json(item);
  return object;
}

template <class T>
Json sparse_json(const T& value) {
  if constexpr (Described<T>) {
    static const T untouched{};
    auto object = Json::object();
    for_each_field<T>([&](const auto& field, auto) {
      const auto& member = value.*(field.member);
      if (field.required || member != untouched.*(field.member)) {
        object[std::string(field.name)] = sparse_json(member);
      }
    });
    return object;
  } else {
    return to_json(value);
  }
}

bool is_document_name(DocumentKind kind, std::string_view name) {
  if (kind != DocumentKind::kConnection) return is_name(name);
  const auto slash = name.find('/');
  return slash != std::string_view::npos && is_name(name.substr(0, slash)) && is_name(name.substr(slash + 1));
}

// The first illegal key, as an error with its pointer.
template <class Map, class Rule>
Result<> check_keys(const Map& map, Rule rule, const std::string& pointer) {
  for (const auto& [key, item] : map) {
    if (!rule(key)) {
      return fail(
          ErrorCode::kInvalid,
          fmt::format("'{}' is not a legal name: a letter, then at most 63 letters, digits, _ or -", key),
          pointer + pointer_step(key));
    }
  }
  return {};
}

Result<> check_layer(const Layer& layer, const std::string& pointer) {
  if (auto keys = check_keys(layer.alarms, is_member_path, pointer + "/alarms"); !keys) return keys;
  if (auto keys = check_keys(layer.attributes, is_member_path, pointer + "/attributes"); !keys) return keys;
  return check_keys(layer.scripts, is_member_path, pointer + "/scripts");
}

template <class T>
Result<> check_unlocked(const std::map<std::string, Partial<T>>& members, const std::string& pointer) {
  for (const auto& [key, member] : members) {
    if (member.locked.any()) {
      return fail(ErrorCode::kInvalid, "nothing derives from an instance, so it has nothing to lock",
                  pointer + pointer_step(key) + "/locked");
    }
  }
  return {};
}

Result<> check_spec(const SiteSpec& spec) {
  const auto& nodes = spec.nodes;
  if (nodes.size() > kMaxNodes) {
    return fail(ErrorCode::kInvalid, fmt::format("a site has {} nodes at most", kMaxNodes), "/spec/nodes");
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto pointer = fmt::format("/spec/nodes/{}", i);
    if (!is_name(nodes[i])) {
      return fail(ErrorCode::kInvalid, fmt::format("'{}' is not a legal name for a node", nodes[i]), pointer);
    }
    if (std::find(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(i), nodes[i]) !=
        nodes.begin() + static_cast<std::ptrdiff_t>(i)) {
      return fail(ErrorCode::kInvalid, fmt::format("the node '{}' is named twice", nodes[i]), pointer);
    }
  }
  return {};
}

Result<> check_spec(const ConnectionSpec&) {
  return {};
}

Result<> check_spec(const TemplateSpec& spec) {
  if (auto layer = check_layer(spec, "/spec"); !layer) return layer;
  if (auto keys = check_keys(spec.slots, is_name, "/spec/slots"); !keys) return keys;
  for (const auto& [name, slot] : spec.slots) {
    const auto pointer = "/spec/slots" + pointer_step(name);
    if (auto layer = check_layer(slot, pointer); !layer) return layer;
    for (const auto& locked : slot.locked) {
      if (locked != "template") {
        return fail(ErrorCode::kInvalid, "of a slot itself only 'template' can be locked",
                    pointer + "/locked");
      }
    }
  }
  return {};
}

Result<> check_spec(const InstanceSpec& spec) {
  if (!is_area_path(spec.area)) {
    return fail(ErrorCode::kInvalid, "an area is names joined by '/'", "/spec/area");
  }
  if (auto layer = check_layer(spec, "/spec"); !layer) return layer;
  if (auto keys = check_keys(spec.bindings, is_member_path, "/spec/bindings"); !keys) return keys;
  if (auto alarms = check_unlocked(spec.alarms, "/spec/alarms"); !alarms) return alarms;
  if (auto attributes = check_unlocked(spec.attributes, "/spec/attributes"); !attributes) return attributes;
  return check_unlocked(spec.scripts, "/spec/scripts");
}

// Options are texts, but an engineer writes `unit: 1` without thinking of quotes.
Json with_options_as_text(Json spec) {
  if (!spec.is_object() || !spec.contains("options") || !spec["options"].is_object()) return spec;
  for (auto& option : spec["options"]) {
    if (option.is_boolean() || option.is_number_integer()) option = option.dump();
  }
  return spec;
}

template <class Kind>
Result<Spec> read_spec(const Json& json) {
  Kind spec;
  if (auto read = from_json(json, spec, "/spec"); !read) return fail(std::move(read.error()));
  if (auto sound = check_spec(spec); !sound) return fail(std::move(sound.error()));
  return Spec(std::move(spec));
}

Result<Spec> read_spec(DocumentKind kind, const Json& json) {
  switch (kind) {
    case DocumentKind::kSite:
      return read_spec<SiteSpec>(json);
    case DocumentKind::kConnection:
      return read_spec<ConnectionSpec>(with_options_as_text(json));
    case DocumentKind::kSharedScript:
      return read_spec<SharedScriptSpec>(json);
    case DocumentKind::kExternalSystem:
      return read_spec<ExternalSystemSpec>(json);
    case DocumentKind::kDatabaseConnection:
      return read_spec<DatabaseConnectionSpec>(json);
    case DocumentKind::kSmtpSettings:
      return read_spec<SmtpSettingsSpec>(json);
    case DocumentKind::kNotificationList:
      return read_spec<NotificationListSpec>(json);
    case DocumentKind::kTemplate:
      return read_spec<TemplateSpec>(json);
    case DocumentKind::kInstance:
      return read_spec<InstanceSpec>(json);
  }
  FIELDLINE_UNREACHABLE();
}

struct Envelope {
  DocumentKind kind = DocumentKind::kSite;
  std::string name;
  Json spec = Json::object();
};

Result<Envelope> read_envelope(const Json& json) {
  if (!json.is_object()) return fieldline::detail::wrong_type("", "an object with kind, name and spec");
  Envelope envelope;
  for (const auto& [key, item] : json.items()) {
    const auto pointer = pointer_step(key);
    Result<> read;
    if (key == "kind") {
      read = from_json(item, envelope.kind, pointer);
    } else if (key == "name") {
      read = from_json(item, envelope.name, pointer);
    } else if (key == "spec") {
      envelope.spec = item;
    } else {
      read = fail(ErrorCode::kInvalid, fmt::format("there is no field named '{}' here", key), pointer);
    }
    if (!read) return fail(std::move(read.error()));
  }
  for (const auto* field : {"kind", "name"}) {
    if (!json.contains(field)) {
      return fail(ErrorCode::kInvalid, fmt::format("the field '{}' is missing", field));
    }
  }
  return envelope;
}

}  // namespace

std::string_view folder_name(DocumentKind kind) {
  return kFolders[static_cast<std::size_t>(kind)];
}

bool is_artifact(DocumentKind kind) {
  return kind >= DocumentKind::kSharedScript && kind <= DocumentKind::kNotificationList;
}

std::optional<DocumentKind> artifact_kind(std::string_view folder) {
  const auto found = std::ranges::find(kFolders, folder);
  const auto kind = static_cast<DocumentKind>(found - kFolders.begin());
  return found != kFolders.end() && is_artifact(kind) ? std::optional(kind) : std::nullopt;
}

std::string DocumentKey::path() const {
  return fmt::format("{}/{}", folder_name(kind), name);
}

DocumentPointer make_document(std::string name, Spec spec) {
  auto document = std::make_shared<Document>();
  document->key = {static_cast<DocumentKind>(spec.index()), std::move(name)};
  document->spec = std::move(spec);
  document->artifacts = artifacts_named(document->spec);
  FIELDLINE_CHECK(is_document_name(document->key.kind, document->key.name));
  document->revision = document_revision(to_json(*document).dump(), sealed_secrets(*document));
  return document;
}

Revision document_revision(std::string_view canonical, const SealedSecrets& secrets) {
  if (secrets.empty()) return blake2b_hex(canonical);
  std::string bytes(canonical);
  for (const auto& secret : secrets) bytes += fmt::format("\n{} {}", secret.field, secret.hash);
  return blake2b_hex(bytes);
}

Result<DocumentPointer> document_from_json(const Json& json) {
  auto envelope = read_envelope(json);
  if (!envelope) return fail(std::move(envelope.error()));
  if (!is_document_name(envelope->kind, envelope->name)) {
    return fail(
        ErrorCode::kInvalid,
        envelope->kind == DocumentKind::kConnection
            ? fmt::format("'{}' is not a legal name for a connection: north/plc1 is", envelope->name)
            : fmt::format("'{}' is not a legal name: a letter, then at most 63 letters, digits, _ or -",
                          envelope->name),
        "/name");
  }
  auto spec = read_spec(envelope->kind, envelope->spec);
  if (!spec) return fail(std::move(spec.error()));
  return make_document(std::move(envelope->name), std::move(*spec));
}

Json to_json(const Document& document) {
  auto spec = std::visit([](const auto& of_kind) { return sparse_json(of_kind); }, document.spec);
  return {{"kind", name(document.key.kind)}, {"name", document.key.name}, {"spec", std::move(spec)}};
}

Connection connection_of(const Document& document) {
  const auto& spec = document.connection();
  return {.endpoint = spec.endpoint,
          .name = document.key.name.substr(document.key.name.find('/') + 1),
          .options = spec.options,
          .protocol = spec.protocol};
}

DocumentKey connection_key(std::string_view site, std::string_view name) {
  return {DocumentKind::kConnection, fmt::format("{}/{}", site, name)};
}

}  // namespace fieldline::templates
