#include "coordinator/templates/assembly.hpp"

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
FlatConfig header_of(const Bound& bound, const Document& instance) {
  const auto& spec = instance.instance();
  FlatConfig config;
  config.area = spec.area;
  for (const auto& [name, document] : bound.documents) config.connections.push_back(connection_of(*document));
  config.instance = instance.key.name;
  config.site = spec.site;
  config.template_name = spec.template_name;
  return config;
}

}  // namespace

Provenance provenance_of(const Expansion& tree, const Bound& bound, const Document& instance) {
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

FlatConfig config_of(const Expansion& tree, const Bound& bound, const Document& instance) {
  auto config = header_of(bound, instance);
  config.alarms = values_of(tree.alarms);
  config.attributes.reserve(tree.attributes.size());
  for_each_attribute(tree, bound,
                     [&](const auto&, const auto& value) { config.attributes.push_back(value); });
  config.scripts = values_of(tree.scripts);
  return config;
}

Result<wire::SealedConfig> seal(const Expansion& tree, const Bound& bound, const Document& instance) {
  wire::EncodedMembers members{encoded(tree.alarms), {}, encoded(tree.scripts)};
  for_each_attribute(
      tree, bound, [&](const auto& member, const auto& value) { append(members.attributes, member, value); });
  return wire::seal_config(header_of(bound, instance), members);
}

}  // namespace fieldline::templates
