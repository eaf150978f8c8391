// One thing that engineers write: `kind`, `name`, `spec`. Immutable once made; its revision is the
// hash of its canonical JSON, and of its sealed secrets. Refuses unknown fields and illegal names.
#pragma once

#include <array>
#include <compare>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/model/fields.hpp"
#include "common/model/json.hpp"
#include "coordinator/templates/specs.hpp"

namespace fieldline::templates {

enum class DocumentKind {
  kSite,
  kConnection,
  kSharedScript,
  kExternalSystem,
  kDatabaseConnection,
  kSmtpSettings,
  kNotificationList,
  kTemplate,
  kInstance,
};
inline constexpr std::size_t kDocumentKinds = std::variant_size_v<Spec>;

}  // namespace fieldline::templates

template <>
inline constexpr std::array fieldline::kEnumNames<fieldline::templates::DocumentKind> =
    std::to_array<std::string_view>({"Site", "Connection", "SharedScript", "ExternalSystem",
                                     "DatabaseConnection", "SmtpSettings", "NotificationList", "Template",
                                     "Instance"});

namespace fieldline::templates {

// "shared-scripts": documents of a kind are found under it in paths and addresses.
std::string_view folder_name(DocumentKind kind);
// System-wide, of no site: delivered to the sites beside the configurations that name them.
bool is_artifact(DocumentKind kind);
// The kind of artifact that has this folder.
std::optional<DocumentKind> artifact_kind(std::string_view folder);

// The order is that of an export: what is needed stands before what needs it.
struct DocumentKey {
  DocumentKind kind = DocumentKind::kSite;
  std::string name;  // a connection's is "site/name"

  // "templates/Pump", "connections/north/plc1": findings and causes begin with it.
  [[nodiscard]] std::string path() const;
  friend auto operator<=>(const DocumentKey&, const DocumentKey&) = default;
};

// One secret of a document as it is stored.
struct SealedSecret {
  std::string field;  // "auth/password"
  std::string hash;   // keyed: that of another secret differs
  std::string text;   // hex

  friend bool operator==(const SealedSecret&, const SealedSecret&) = default;
};
using SealedSecrets = std::vector<SealedSecret>;

struct Document {
  std::vector<DocumentKey> artifacts;  // that its Lua names literally: sorted, each once
  DocumentKey key;
  Revision revision;
  Spec spec;

  [[nodiscard]] const SiteSpec& site() const { return std::get<SiteSpec>(spec); }
  [[nodiscard]] const ConnectionSpec& connection() const { return std::get<ConnectionSpec>(spec); }
  [[nodiscard]] const SharedScriptSpec& shared_script() const { return std::get<SharedScriptSpec>(spec); }
  [[nodiscard]] const NotificationListSpec& notification_list() const {
    return std::get<NotificationListSpec>(spec);
  }
  [[nodiscard]] const TemplateSpec& as_template() const { return std::get<TemplateSpec>(spec); }
  [[nodiscard]] const InstanceSpec& instance() const { return std::get<InstanceSpec>(spec); }
};

using DocumentPointer = std::shared_ptr<const Document>;

// `name` must be legal for the kind of `spec`.
DocumentPointer make_document(std::string name, Spec spec);

// Of a document with this canonical JSON. Hashes follow their secrets, and nobody who
// lacks the key can guess them.
Revision document_revision(std::string_view canonical, const SealedSecrets& secrets);

// On failure `where` is the RFC 6901 pointer inside `json`.
Result<DocumentPointer> document_from_json(const Json& json);
// Canonical: keys sorted, nothing that is as it would be anyway, no secret.
Json to_json(const Document& document);

// A connection as its site's configurations carry it: "plc1", no longer "north/plc1".
Connection connection_of(const Document& document);
// The key of the connection `name` of `site`.
DocumentKey connection_key(std::string_view site, std::string_view name);

}  // namespace fieldline::templates
