#include "coordinator/templates/library.hpp"

#include <algorithm>
#include <iterator>
#include <map>

namespace fieldline::templates {
namespace {

bool by_name(const DocumentPointer& a, const DocumentPointer& b) {
  return a->key.name < b->key.name;
}

template <class Shelf>
auto find_on(Shelf& shelf, std::string_view name) {
  const auto found = std::lower_bound(
      shelf.begin(), shelf.end(), name,
      [](const DocumentPointer& document, std::string_view key) { return document->key.name < key; });
  return found != shelf.end() && (*found)->key.name == name ? found : shelf.end();
}

}  // namespace

Library::Library(std::vector<DocumentPointer> documents) {
  *this = with(documents);
}

const Document* Library::find(DocumentKind kind, std::string_view name) const {
  const auto& shelf = shelves_[static_cast<std::size_t>(kind)];
  const auto found = find_on(shelf, name);
  return found != shelf.end() ? found->get() : nullptr;
}

DocumentPointer Library::share(const DocumentKey& key) const {
  const auto& shelf = shelves_[static_cast<std::size_t>(key.kind)];
  const auto found = find_on(shelf, key.name);
  return found != shelf.end() ? *found : nullptr;
}

std::span<const DocumentPointer> Library::all(DocumentKind kind) const {
  return shelves_[static_cast<std::size_t>(kind)];
}

std::vector<DocumentPointer> Library::all() const {
  std::vector<DocumentPointer> everything;
  for (const auto& shelf : shelves_) everything.insert(everything.end(), shelf.begin(), shelf.end());
  return everything;
}

Library Library::with(std::span<const DocumentPointer> documents) const {
  std::map<DocumentKey, DocumentPointer> last;
  for (const auto& document : documents) last[document->key] = document;
  std::array<Shelf, kDocumentKinds> fresh;
  for (auto& [key, document] : last) fresh[static_cast<std::size_t>(key.kind)].push_back(std::move(document));
  Library result;
  for (std::size_t kind = 0; kind < shelves_.size(); ++kind) {
    // Of equal names a union keeps that of its first range.
    result.shelves_[kind].reserve(shelves_[kind].size() + fresh[kind].size());
    std::set_union(fresh[kind].begin(), fresh[kind].end(), shelves_[kind].begin(), shelves_[kind].end(),
                   std::back_inserter(result.shelves_[kind]), by_name);
  }
  return result;
}

Library Library::without(const DocumentKey& key) const {
  auto result = *this;
  auto& shelf = result.shelves_[static_cast<std::size_t>(key.kind)];
  if (const auto found = find_on(shelf, key.name); found != shelf.end()) shelf.erase(found);
  return result;
}

}  // namespace fieldline::templates
