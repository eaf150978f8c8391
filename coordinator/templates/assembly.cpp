#include "coordinator/templates/assembly.hpp"

#include "coordinator/templates/member_report.hpp"

namespace fieldline::templates {
namespace {

template <class T>
void add_origins(const Members<T>& members, const std::vector<Part>& parts, Provenance& provenance) {
  for (const auto& [name, member] : members) {
    MemberOrigin origin;
    origin.definer = parts[member.definer].source;
    for_each_field<T>([&](const auto& field, auto index) {
      const auto source = parts[member.origins[index]].source;
      if (source != origin.definer) origin.overridden.emplace(field.name, source);
    });
    provenance.members.emplace_hint(provenance.members.end(), std::string(folder_of<T>()) + "/" + name,
                                    std::move(origin));
  }
}

template <class T>
std::vector<T> values_of(Members<T>& members) {
  std::vector<T> values;
  values.reserve(members.size());
  for (auto& [name, member] : members) values.push_back(std::move(member.partial.value));
  return values;
}

}  // namespace

Provenance provenance_of(const Expansion& tree, const Bound& bound, const Document& instance) {
  Provenance provenance;
  provenance.sources = tree.sources;
  add_origins(tree.alarms, tree.parts, provenance);
  add_origins(tree.attributes, tree.parts, provenance);
  add_origins(tree.scripts, tree.parts, provenance);

  const auto add_source = [&](const Document& document, OriginKind kind, std::int64_t via) {
    provenance.sources.push_back({document.key.path(), kind, document.revision, {}, via});
    return static_cast<std::int64_t>(provenance.sources.size() - 1);
  };
  const auto binding = add_source(instance, OriginKind::kBinding, 0);
  for (const auto& [name, bound_to] : instance.instance().bindings) {
    provenance.members["attributes/" + name].overridden["connection"] = binding;
  }
  for (const auto& name : bound.readdressed) {
    provenance.members["attributes/" + name].overridden["address"] = binding;
  }
  for (const auto& [name, document] : bound.documents) {
    const auto source = add_source(*document, OriginKind::kConnection, binding);
    provenance.members["connections/" + name].definer = source;
  }
  return provenance;
}

FlatConfig assemble(Expansion& tree, Bound bound, const Document& instance) {
  FlatConfig config;
  config.alarms = values_of(tree.alarms);
  config.area = instance.instance().area;
  config.attributes = values_of(tree.attributes);
  config.connections = std::move(bound.connections);
  config.instance = instance.key.name;
  config.scripts = values_of(tree.scripts);
  config.site = instance.instance().site;
  config.template_name = instance.instance().template_name;
  return config;
}

}  // namespace fieldline::templates
