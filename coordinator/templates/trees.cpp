#include "coordinator/templates/trees.hpp"

#include "common/wire/codec.hpp"
#include "coordinator/templates/limits.hpp"
#include "coordinator/templates/members.hpp"

namespace fieldline::templates {
namespace {

// Does no check of another member read this field?
template <class T>
constexpr bool is_private(std::string_view field);
template <>
constexpr bool is_private<Alarm>(std::string_view) {
  return true;
}
template <>
constexpr bool is_private<Attribute>(std::string_view field) {
  return field == "address" || field == "retained" || field == "unit" || field == "value";
}
template <>
constexpr bool is_private<Script>(std::string_view field) {
  return field == "memory_limit" || field == "min_interval" || field == "timeout";
}

template <class T>
bool are_private(const std::map<std::string, Partial<T>>& overrides) {
  typename Partial<T>::Fields others;
  for_each_field<T>([&](const auto& field, auto index) { others.set(index, !is_private<T>(field.name)); });
  return std::all_of(overrides.begin(), overrides.end(),
                     [&](const auto& entry) { return (entry.second.given & others).none(); });
}

// Then whoever is not overridden is as sound as in the template.
bool are_private(const InstanceSpec& spec) {
  return are_private(spec.alarms) && are_private(spec.attributes) && are_private(spec.scripts);
}

template <class T>
void keep_written(Members<T>& members) {
  for (auto& [name, member] : members.own()) member.written = member.partial.value;
}

template <class T>
std::size_t encode(Members<T>& members) {
  std::size_t bytes = 0;
  for (auto& [name, member] : members.own()) {
    wire::append(member.bytes, member.partial.value);
    bytes += sizeof(typename Members<T>::Entry) + 3 * member.bytes.size();
  }
  return bytes;
}

}  // namespace

Expansion Trees::of_instance(const Document& instance, Findings& findings) {
  const auto& spec = instance.instance();
  const auto base = are_private(spec) ? sound_tree_of(spec.template_name) : nullptr;
  auto tree = base != nullptr ? expand_over(base, library_, instance, findings)
                              : expand(library_, instance, findings);
  check_members(library_, tree, scripts_, findings);
  return tree;
}

void Trees::check_template(const Document& document, Findings& findings) {
  auto tree = expand(library_, document, findings);
  check_members(library_, tree, scripts_, findings);
}

Trees::TreePointer Trees::sound_tree_of(const std::string& template_name) {
  if (const auto known = kept_.find(template_name); known != kept_.end()) return known->second;
  const auto* document = library_.find(DocumentKind::kTemplate, template_name);
  if (document == nullptr) return nullptr;
  if (kept_bytes_ > kMaxKeptTrees) {
    kept_.clear();
    kept_bytes_ = 0;
  }
  return kept_.emplace(template_name, grow(*document)).first->second;
}

// Null when it is not sound.
Trees::TreePointer Trees::grow(const Document& document) {
  Findings findings;
  auto tree = std::make_shared<Expansion>(expand(library_, document, findings));
  keep_written(tree->alarms);
  keep_written(tree->attributes);
  keep_written(tree->scripts);
  check_members(library_, *tree, scripts_, findings);
  if (!findings.empty()) return nullptr;
  kept_bytes_ += encode(tree->alarms) + encode(tree->attributes) + encode(tree->scripts) +
                 tree->parts.size() * sizeof(Part) + tree->sources.size() * sizeof(Source);
  return tree;
}

}  // namespace fieldline::templates
