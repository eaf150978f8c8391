#include "coordinator/templates/artifact_checks.hpp"

#include <fmt/format.h>

#include <utility>

#include "common/base/check.hpp"
#include "coordinator/templates/artifact_names.hpp"
#include "coordinator/templates/sealing.hpp"

namespace fieldline::templates {
namespace {

void check_shared_script(const Library& library, const Document& document, ScriptCheck& scripts,
                         Findings& findings) {
  const auto path = document.key.path();
  const auto& source = scripts.report(document.shared_script().source);
  for (const auto& call : source.calls) {
    const auto key = artifact_named(call);
    if (!key || library.find(*key) != nullptr) continue;
    findings.add(unknown_artifact(key->kind), fmt::format("{}:{}", path, call.line),
                 fmt::format("there is no {}", key->path()));
  }
  tell_of_source(source, [&](FindingCode code, int line, std::string sentence) {
    findings.add(code, line > 0 ? fmt::format("{}:{}", path, line) : path, std::move(sentence));
  });
}

void check_notification_list(const Library& library, const Document& document, Findings& findings) {
  const auto& smtp = document.notification_list().smtp;
  if (library.find(DocumentKind::kSmtpSettings, smtp) != nullptr) return;
  findings.add(unknown_artifact(DocumentKind::kSmtpSettings), document.key.path() + "/smtp",
               fmt::format("there are no SMTP settings {}", smtp));
}

}  // namespace

FindingCode unknown_artifact(DocumentKind kind) {
  switch (kind) {
    case DocumentKind::kSharedScript:
      return FindingCode::kUnknownSharedScript;
    case DocumentKind::kExternalSystem:
      return FindingCode::kUnknownExternalSystem;
    case DocumentKind::kDatabaseConnection:
      return FindingCode::kUnknownDatabaseConnection;
    case DocumentKind::kNotificationList:
      return FindingCode::kUnknownNotificationList;
    default:
      FIELDLINE_CHECK(kind == DocumentKind::kSmtpSettings);
      return FindingCode::kUnknownSmtpSettings;
  }
}

void check_artifact(const Library& library, const Document& document, ScriptCheck& scripts,
                    Findings& findings) {
  if (document.key.kind == DocumentKind::kSharedScript)
    check_shared_script(library, document, scripts, findings);
  if (document.key.kind == DocumentKind::kNotificationList)
    check_notification_list(library, document, findings);
  for (const auto& field : unsealed_fields(document)) {
    findings.add(FindingCode::kSecretAbsent, fmt::format("{}/{}", document.key.path(), field),
                 "it is to stay as it is stored, but none is for where it would be sent: write it as a text");
  }
}

}  // namespace fieldline::templates
