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

using KeySet = std::set<DocumentKey>;

bool names_one_of(const Document& document, const KeySet& artifacts) {
  if (artifacts.empty()) return false;
  return std::ranges::any_of(document.artifacts, [&](const auto& key) { return artifacts.contains(key); });
}

// The changed artifacts that may change which artifacts an instance needs: those that came or went, and
// shared scripts that name others than before; and the shared scripts that name these.
KeySet artifacts_of_effect(const Library& before, const Library& after, const KeySet& changed) {
  KeySet found;
  for (const auto& key : changed) {
    if (!is_artifact(key.kind)) continue;
    const auto* from = before.find(key);
    const auto* to = after.find(key);
    if (from == nullptr || to == nullptr || from->artifacts != to->artifacts) found.insert(key);
  }
  for (std::size_t known = 0; known != found.size();) {
    known = found.size();
    for (const auto& script : after.all(DocumentKind::kSharedScript)) {
      if (names_one_of(*script, found)) found.insert(script->key);
    }
  }
  return found;
}

// The changed templates, those that name one of `artifacts`, and all that inherit from them or hold them
// in a slot.
std::set<std::string> descendants(const Library& library, const KeySet& changed, const KeySet& artifacts) {
  std::map<std::string, std::vector<std::string>> children;
  std::vector<std::string> open;
  for (const auto& document : library.all(DocumentKind::kTemplate)) {
    for (const auto& named : references(*document)) {
      if (named.kind == DocumentKind::kTemplate) children[named.name].push_back(document->key.name);
    }
    if (names_one_of(*document, artifacts)) open.push_back(document->key.name);
  }
  std::set<std::string> reached;
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

bool is_reached(const Document& instance, const Reach& reach, const KeySet& artifacts) {
  const auto& spec = instance.instance();
  if (names_one_of(instance, artifacts)) return true;
  if (reach.changed.contains(instance.key) || reach.templates.contains(spec.template_name)) return true;
  return std::any_of(spec.bindings.begin(), spec.bindings.end(), [&](const auto& binding) {
    return reach.changed.contains(connection_key(spec.site, binding.second.connection));
  });
}

}  // namespace

std::vector<DocumentKey> references(const Document& document) {
  auto named = document.artifacts;
  if (document.key.kind == DocumentKind::kConnection) {
    named.push_back({DocumentKind::kSite, document.key.name.substr(0, document.key.name.find('/'))});
  } else if (document.key.kind == DocumentKind::kNotificationList) {
    named.push_back({DocumentKind::kSmtpSettings, document.notification_list().smtp});
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
    if (document->key != key && std::find(named.begin(), named.end(), key) != named.end())
      found.push_back(document->key);
  }
  return found;
}

Reach reach_of(const Library& before, const Library& after) {
  Reach reach;
  for (std::size_t i = 0; i < kDocumentKinds; ++i) {
    const auto kind = static_cast<DocumentKind>(i);
    collect_changed(before.all(kind), after.all(kind), reach.changed);
  }
  const auto artifacts = artifacts_of_effect(before, after, reach.changed);
  reach.templates = descendants(after, reach.changed, artifacts);
  for (const auto& instance : after.all(DocumentKind::kInstance)) {
    if (is_reached(*instance, reach, artifacts)) reach.instances.push_back(instance->key.name);
  }
  return reach;
}

}  // namespace fieldline::templates
