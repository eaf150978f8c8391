// One thing that engineers write: `kind`, `name`, `spec`. Immutable once made; its revision is the
// hash of its canonical JSON. Refuses unknown fields and illegal names.
#pragma once

#include <compare>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/model/fields.hpp"
#include "common/model/json.hpp"
#include "coordinator/templates/specs.hpp"

namespace fieldline::templates {

enum class DocumentKind { kSite, kConnection, kTemplate, kInstance };

}  // namespace fieldline::templates

template <>
inline constexpr std::array fieldline::kEnumNames<fieldline::templates::DocumentKind> =
    std::to_array<std::string_view>({"Site", "Connection", "Template", "Instance"});

namespace fieldline::templates {

// The order is that of an export: what is needed stands before what needs it.
struct DocumentKey {
  DocumentKind kind = DocumentKind::kSite;
  std::string name;  // a connection's is "site/name"

  // "templates/Pump", "connections/north/plc1": findings and causes begin with it.
  [[nodiscard]] std::string path() const;
  friend auto operator<=>(const DocumentKey&, const DocumentKey&) = default;
};

struct Document {
  DocumentKey key;
  Revision revision;
  Spec spec;

  [[nodiscard]] const SiteSpec& site() const { return std::get<SiteSpec>(spec); }
  [[nodiscard]] const ConnectionSpec& connection() const { return std::get<ConnectionSpec>(spec); }
  [[nodiscard]] const TemplateSpec& as_template() const { return std::get<TemplateSpec>(spec); }
  [[nodiscard]] const InstanceSpec& instance() const { return std::get<InstanceSpec>(spec); }
};

using DocumentPointer = std::shared_ptr<const Document>;

// `name` must be legal for the kind of `spec`.
DocumentPointer make_document(std::string name, Spec spec);

// On failure `where` is the RFC 6901 pointer inside `json`.
Result<DocumentPointer> document_from_json(const Json& json);
// Canonical: keys sorted, nothing that is as it would be anyway.
Json to_json(const Document& document);

// A connection as its site's configurations carry it: "plc1", no longer "north/plc1".
Connection connection_of(const Document& document);
// The key of the connection `name` of `site`.
DocumentKey connection_key(std::string_view site, std::string_view name);

}  // namespace fieldline::templates
