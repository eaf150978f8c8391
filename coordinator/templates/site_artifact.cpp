#include "coordinator/templates/site_artifact.hpp"

#include <utility>

#include "common/base/check.hpp"
#include "coordinator/templates/sealing.hpp"

namespace fieldline::templates {
namespace {

struct Opened {
  std::string secret;
  std::string salt;  // changes with the secret, and can't be had without the key
};

Result<Opened> open(const Document& document, const std::string& field, const Secret& secret,
                    const SecretBox& box) {
  auto plain = reveal(document, field, box);
  if (!plain) return fail(std::move(plain.error()));
  return Opened{std::move(*plain), secret.hash};
}

Result<Artifact> artifact(const Document&, const SharedScriptSpec& spec, const SecretBox&) {
  return Artifact(SharedScript{.source = spec.source});
}

std::optional<bool> only_true(bool value) {
  return value ? std::optional(true) : std::nullopt;
}

Result<Artifact> artifact(const Document& document, const ExternalSystemSpec& spec, const SecretBox& box) {
  const auto& auth = spec.auth;
  const auto [field, secret] = auth.kind == AuthKind::kBasic    ? std::pair("auth/password", &auth.password)
                               : auth.kind == AuthKind::kBearer ? std::pair("auth/token", &auth.token)
                                                                : std::pair("auth/value", &auth.value);
  auto opened = open(document, field, *secret, box);
  if (!opened) return fail(std::move(opened.error()));
  return Artifact(ExternalSystem{
      .auth = {.kind = auth.kind, .name = auth.name, .secret = std::move(opened->secret), .user = auth.user},
      .base_url = spec.base_url,
      .headers = spec.headers,
      .ordered = only_true(spec.ordered),
      .retry_interval = spec.retry_interval,
      .retry_limit = spec.retry_limit,
      .salt = std::move(opened->salt),
      .timeout = spec.timeout});
}

Result<Artifact> artifact(const Document& document, const DatabaseConnectionSpec& spec,
                          const SecretBox& box) {
  auto opened = open(document, "password", spec.password, box);
  if (!opened) return fail(std::move(opened.error()));
  return Artifact(DatabaseConnection{.backend = spec.backend,
                                     .database = spec.database,
                                     .host = spec.host,
                                     .ordered = only_true(spec.ordered),
                                     .password = std::move(opened->secret),
                                     .port = spec.port,
                                     .salt = std::move(opened->salt),
                                     .user = spec.user});
}

Result<Artifact> artifact(const Document& document, const SmtpSettingsSpec& spec, const SecretBox& box) {
  auto opened = open(document, "password", spec.password, box);
  if (!opened) return fail(std::move(opened.error()));
  return Artifact(SmtpSettings{.host = spec.host,
                               .password = std::move(opened->secret),
                               .port = spec.port,
                               .salt = std::move(opened->salt),
                               .sender = spec.sender,
                               .user = spec.user});
}

Result<Artifact> artifact(const Document&, const NotificationListSpec& spec, const SecretBox&) {
  return Artifact(
      NotificationList{.recipients = spec.recipients, .smtp = spec.smtp, .ordered = only_true(spec.ordered)});
}

}  // namespace

Result<Artifact> artifact_of(const Document& document, const SecretBox& box) {
  return std::visit(
      [&](const auto& spec) -> Result<Artifact> {
        if constexpr (requires { artifact(document, spec, box); }) {
          return artifact(document, spec, box);
        } else {
          FIELDLINE_UNREACHABLE();
        }
      },
      document.spec);
}

}  // namespace fieldline::templates
