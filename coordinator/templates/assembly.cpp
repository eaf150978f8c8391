#include "coordinator/templates/assembly.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "common/wire/codec.hpp"
#include "coordinator/templates/member_report.hpp"

namespace fieldline::templates {
namespace {

template <class T>
void add_origins(const Members<T>& members, const Expansion& tree, Provenance& provenance) {
  for (const auto& [name, member] : members) {
    MemberOrigin origin;
    origin.definer = tree.part(member.definer).source;
    for_each_field<T>([&](const auto& field, auto index) {
      const auto source = tree.part(member.origins[index]).source;
      if (source != origin.definer) origin.overridden.emplace(field.name, source);
    });
    provenance.members.emplace_hint(provenance.members.end(), std::string(folder_of<T>()) + "/" + name,
                                    std::move(origin));
  }
}

// Calls visit(member, attribute) for each, in order; the attribute is its own or, bound, a copy.
template <class Visit>
void for_each_attribute(const Expansion& tree, const Bound& bound, const Visit& visit) {
  Attribute copy;
  auto tie = bound.ties.begin();
  for (const auto& [name, member] : tree.attributes) {
    if (tie == bound.ties.end() || tie->member != &member) {
      visit(member, member.partial.value);
      continue;
    }
    copy = member.partial.value;
    (tie++)->apply_to(copy);
    visit(member, copy);
  }
}

template <class T>
std::vector<T> values_of(const Members<T>& members) {
  std::vector<T> values;
  values.reserve(members.size());
  for (const auto& [name, member] : members) values.push_back(member.partial.value);
  return values;
}

struct NeededArtifact {
  const Document* document = nullptr;
  PartId part = 0;                // that wrote the script which leads to it
  std::optional<std::size_t> by;  // the shared script that names it, in the same list; else the script does
};

// What the scripts name and, through shared scripts, what these name in turn; each once, after its namer.
std::vector<NeededArtifact> needed_artifacts(const Library& library, const Expansion& tree) {
  std::vector<NeededArtifact> needed;
  std::set<DocumentKey> seen;
  const auto add = [&](const DocumentKey& key, PartId part, std::optional<std::size_t> by) {
    const auto* document = library.find(key);
    if (document != nullptr && seen.insert(key).second) needed.push_back({document, part, by});
  };
  for (const auto& [key, part] : tree.artifacts) add(key, part, std::nullopt);
  for (std::size_t i = 0; i < needed.size(); ++i) {
    for (const auto& key : needed[i].document->artifacts) add(key, needed[i].part, i);
  }
  return needed;
}

template <class T>
void append(wire::EncodedList& list, const Member<T>& member, const T& value) {
  ++list.count;
  if (!member.bytes.empty() && &value == &member.partial.value) {
    list.items += member.bytes;
  } else {
    wire::append(list.items, value);
  }
}

template <class T>
wire::EncodedList encoded(const Members<T>& members) {
  wire::EncodedList list;
  for (const auto& [name, member] : members) append(list, member, member.partial.value);
  return list;
}

// All but the members.
FlatConfig header_of(const Library& library, const Expansion& tree, const Bound& bound,
                     const Document& instance) {
  const auto& spec = instance.instance();
  FlatConfig config;
  config.area = spec.area;
  config.artifacts = artifacts_of(library, tree);
  for (const auto& [name, document] : bound.documents) config.connections.push_back(connection_of(*document));
  config.instance = instance.key.name;
  config.site = spec.site;
  config.template_name = spec.template_name;
  return config;
}

}  // namespace

std::vector<std::string> artifacts_of(const Library& library, const Expansion& tree) {
  std::vector<std::string> paths;
  for (const auto& artifact : needed_artifacts(library, tree)) paths.push_back(artifact.document->key.path());
  std::ranges::sort(paths);
  return paths;
}

Provenance provenance_of(const Library& library, const Expansion& tree, const Bound& bound,
                         const Document& instance) {
  Provenance provenance;
  provenance.sources = tree.base != nullptr ? tree.base->sources : tree.sources;
  provenance.sources.front() = {instance.key.path(), OriginKind::kOverride, instance.revision, {}, -1};
  add_origins(tree.alarms, tree, provenance);
  add_origins(tree.attributes, tree, provenance);
  add_origins(tree.scripts, tree, provenance);

  const auto add_source = [&](const Document& document, OriginKind kind, std::int64_t via) {
    provenance.sources.push_back({document.key.path(), kind, document.revision, {}, via});
    return static_cast<std::int64_t>(provenance.sources.size() - 1);
  };
  std::vector<std::int64_t> modules;  // the source of each needed artifact, where it is a shared script
  for (const auto& artifact : needed_artifacts(library, tree)) {
    const auto namer = artifact.by ? modules[*artifact.by] : tree.part(artifact.part).source;
    provenance.members["artifacts/" + artifact.document->key.path()].definer = namer;
    const bool is_module = artifact.document->key.kind == DocumentKind::kSharedScript;
    modules.push_back(is_module ? add_source(*artifact.document, OriginKind::kArtifact, namer) : 0);
  }
  const auto binding = add_source(instance, OriginKind::kBinding, 0);
  for (const auto& [name, bound_to] : instance.instance().bindings) {
    auto& overridden = provenance.members["attributes/" + name].overridden;
    overridden["connection"] = binding;
    if (!bound_to.address.empty()) overridden["address"] = binding;
  }
  for (const auto& [name, document] : bound.documents) {
    const auto source = add_source(*document, OriginKind::kConnection, binding);
    provenance.members["connections/" + name].definer = source;
  }
  return provenance;
}

FlatConfig config_of(const Library& library, const Expansion& tree, const Bound& bound,
                     const Document& instance) {
  auto config = header_of(library, tree, bound, instance);
  config.alarms = values_of(tree.alarms);
  config.attributes.reserve(tree.attributes.size());
  for_each_attribute(tree, bound,
                     [&](const auto&, const auto& value) { config.attributes.push_back(value); });
  config.scripts = values_of(tree.scripts);
  return config;
}

Result<wire::SealedConfig> seal(const Library& library, const Expansion& tree, const Bound& bound,
                                const Document& instance) {
  wire::EncodedMembers members{encoded(tree.alarms), {}, encoded(tree.scripts)};
  for_each_attribute(
      tree, bound, [&](const auto& member, const auto& value) { append(members.attributes, member, value); });
  return wire::seal_config(header_of(library, tree, bound, instance), members);
}

}  // namespace fieldline::templates
