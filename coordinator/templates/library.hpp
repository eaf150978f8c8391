// All documents at one moment. Immutable and cheap to derive from: a changed library shares every
// unchanged document. Any thread.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "coordinator/templates/document.hpp"

namespace fieldline::templates {

class Library {
 public:
  Library() = default;
  // Later documents replace earlier ones of the same key.
  explicit Library(std::vector<DocumentPointer> documents);

  // Null when there is none.
  [[nodiscard]] const Document* find(DocumentKind kind, std::string_view name) const;
  [[nodiscard]] const Document* find(const DocumentKey& key) const { return find(key.kind, key.name); }
  // Shares ownership, to keep the document longer than the library.
  [[nodiscard]] DocumentPointer share(const DocumentKey& key) const;
  // Sorted by name.
  [[nodiscard]] std::span<const DocumentPointer> all(DocumentKind kind) const;
  // Sorted by kind and name, as exported.
  [[nodiscard]] std::vector<DocumentPointer> all() const;

  [[nodiscard]] Library with(std::span<const DocumentPointer> documents) const;
  [[nodiscard]] Library without(const DocumentKey& key) const;

 private:
  using Shelf = std::vector<DocumentPointer>;

  std::array<Shelf, kDocumentKinds> shelves_;  // by kind, each sorted by name
};

}  // namespace fieldline::templates
