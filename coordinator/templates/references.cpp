#include "coordinator/templates/references.hpp"

#include <algorithm>
#include <map>

namespace fieldline::templates {
namespace {

// Walks two shelves side by side.
void collect_changed(std::span<const DocumentPointer> before, std::span<const DocumentPointer> after,
                     std::set<DocumentKey>& changed) {
  auto old_at = before.begin();
  auto new_at = after.begin();
  while (old_at != before.end() || new_at != after.end()) {
    if (new_at == after.end() || (old_at != before.end() && (*old_at)->key < (*new_at)->key)) {
      changed.insert((*old_at++)->key);
    } else if (old_at == before.end() || (*new_at)->key < (*old_at)->key) {
      changed.insert((*new_at++)->key);
    } else {
      if (*old_at != *new_at && (*old_at)->revision != (*new_at)->revision) changed.insert((*new_at)->key);
      ++old_at;
      ++new_at;
    }
  }
}

// The changed templates and all that inherit from them or hold them in a slot.
std::set<std::string> descendants(const Library& library, const std::set<DocumentKey>& changed) {
  std::map<std::string, std::vector<std::string>> children;
  for (const auto& document : library.all(DocumentKind::kTemplate)) {
    for (const auto& named : references(*document)) children[named.name].push_back(document->key.name);
  }
  std::set<std::string> reached;
  std::vector<std::string> open;
  for (const auto& key : changed) {
    if (key.kind == DocumentKind::kTemplate) open.push_back(key.name);
  }
  while (!open.empty()) {
    const auto name = std::move(open.back());
    open.pop_back();
    if (!reached.insert(name).second) continue;
    const auto& below = children[name];
    open.insert(open.end(), below.begin(), below.end());
  }
  return reached;
}

bool is_reached(const Document& instance, const Reach& reach) {
  const auto& spec = instance.instance();
  if (reach.changed.contains(instance.key) || reach.templates.contains(spec.template_name)) return true;
  return std::any_of(spec.bindings.begin(), spec.bindings.end(), [&](const auto& binding) {
    return reach.changed.contains(connection_key(spec.site, binding.second.connection));
  });
}

}  // namespace

std::vector<DocumentKey> references(const Document& document) {
  std::vector<DocumentKey> named;
  if (document.key.kind == DocumentKind::kConnection) {
    named.push_back({DocumentKind::kSite, document.key.name.substr(0, document.key.name.find('/'))});
  } else if (document.key.kind == DocumentKind::kTemplate) {
    const auto& spec = document.as_template();
    if (!spec.parent.empty()) named.push_back({DocumentKind::kTemplate, spec.parent});
    for (const auto& [name, slot] : spec.slots) {
      if (!slot.template_name.empty()) named.push_back({DocumentKind::kTemplate, slot.template_name});
    }
  } else if (document.key.kind == DocumentKind::kInstance) {
    const auto& spec = document.instance();
    named.push_back({DocumentKind::kSite, spec.site});
    named.push_back({DocumentKind::kTemplate, spec.template_name});
    for (const auto& [attribute, binding] : spec.bindings) {
      named.push_back(connection_key(spec.site, binding.connection));
    }
  }
  return named;
}

std::vector<DocumentKey> dependants(const Library& library, const DocumentKey& key) {
  std::vector<DocumentKey> found;
  for (const auto& document : library.all()) {
    const auto named = references(*document);
    if (std::find(named.begin(), named.end(), key) != named.end()) found.push_back(document->key);
  }
  return found;
}

Reach reach_of(const Library& before, const Library& after) {
  Reach reach;
  for (const auto kind :
       {DocumentKind::kSite, DocumentKind::kConnection, DocumentKind::kTemplate, DocumentKind::kInstance}) {
    collect_changed(before.all(kind), after.all(kind), reach.changed);
  }
  reach.templates = descendants(after, reach.changed);
  for (const auto& instance : after.all(DocumentKind::kInstance)) {
    if (is_reached(*instance, reach)) reach.instances.push_back(instance->key.name);
  }
  return reach;
}

}  // namespace fieldline::templates
