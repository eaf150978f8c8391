#include <fmt/format.h>

#include "coordinator/templates/sealing.hpp"
#include "coordinator/templates/site_artifact.hpp"
#include "coordinator/templates/validate.hpp"
#include "tests/unit/coordinator/templates/library_of.hpp"

using namespace fieldline;
using namespace fieldline::templates;

namespace {

constexpr std::string_view kSecretive = R"(---
kind: ExternalSystem
name: erp
spec:
  auth: {kind: basic, user: plant, password: s3cret-erp}
  base_url: "https://erp"
  headers: {X-Plant: north}
---
kind: ExternalSystem
name: lims
spec: {base_url: "https://lims", auth: {kind: bearer, token: s3cret-lims}}
---
kind: ExternalSystem
name: mes
spec: {base_url: "https://mes", auth: {kind: header, name: X-Api-Key, value: s3cret mes}}
---
kind: DatabaseConnection
name: history
spec: {backend: postgresql, database: plant, host: db, user: writer, password: s3cret-db}
---
kind: SmtpSettings
name: mail
spec: {host: mail, sender: "plant@example.com", user: plant, password: s3cret-mail}
)";

const DocumentKey kErp{DocumentKind::kExternalSystem, "erp"};

std::vector<DocumentPointer> sealed_documents(std::string_view yaml, const SecretBox& box,
                                              const Library& stored) {
  std::vector<DocumentPointer> documents;
  for (const auto& document : documents_of(yaml))
    documents.push_back(seal(document, stored.find(document->key), box));
  return documents;
}

// The pointer and the message of what is wrong with this document.
std::pair<std::string, std::string> refused(const std::string& kind, const std::string& spec) {
  const auto documents =
      parse_documents(fmt::format("{{kind: {}, name: a, spec: {}}}", kind, spec), TextFormat::kYaml);
  REQUIRE_FALSE(documents);
  REQUIRE(documents.error().findings.size() == 1);
  const auto& finding = documents.error().findings.front();
  return {finding.path, finding.message};
}

std::string refused_auth(const std::string& auth) {
  return refused("ExternalSystem", fmt::format("{{base_url: 'http://e', auth: {}}}", auth)).first;
}

}  // namespace

TEST_CASE("a secret goes in and is not seen again, and what was exported changes nothing") {
  const auto box = SecretBox::generate();
  const Library stored(sealed_documents(kSecretive, box, Library()));
  REQUIRE(validate(stored));
  for (const auto format : {TextFormat::kYaml, TextFormat::kJson}) {
    const auto text = export_documents(stored.all(), format);
    CHECK(text.find("s3cret") == std::string::npos);
    for (const auto& document : stored.all()) {
      for (const auto& secret : sealed_secrets(*document)) {
        CHECK(text.find(secret.text) == std::string::npos);
        CHECK(text.find(secret.hash) == std::string::npos);
      }
    }
    const auto again = parse_documents(text, format);
    REQUIRE(again);
    for (const auto& document : *again) {
      const auto kept = seal(document, stored.find(document->key), box);
      CHECK(kept->revision == stored.find(document->key)->revision);
    }
  }
  CHECK(to_json(*stored.find(kErp))["spec"]["auth"] ==
        Json{{"kind", "basic"}, {"user", "plant"}, {"password", {{"set", true}}}});
}

TEST_CASE("a secret is opened for its own document and field only") {
  const auto box = SecretBox::generate();
  const Library stored(sealed_documents(kSecretive, box, Library()));
  const auto& erp = *stored.find(kErp);
  CHECK(reveal(erp, "auth/password", box) == std::string("s3cret-erp"));
  CHECK(reveal(erp, "auth/token", box) == std::string());
  CHECK(reveal(*stored.find(DocumentKind::kExternalSystem, "lims"), "auth/token", box) ==
        std::string("s3cret-lims"));
  CHECK(reveal(*stored.find(DocumentKind::kExternalSystem, "mes"), "auth/value", box) ==
        std::string("s3cret mes"));
  CHECK(reveal(*stored.find(DocumentKind::kDatabaseConnection, "history"), "password", box) ==
        std::string("s3cret-db"));
  CHECK(reveal(erp, "auth/password", SecretBox::generate()).error().code == ErrorCode::kCorrupt);

  // Stored texts that were exchanged.
  const auto bare =
      documents_of(export_documents(std::vector{stored.share(kErp)}, TextFormat::kYaml)).front();
  const auto foreign = sealed_secrets(*stored.find(DocumentKind::kSmtpSettings, "mail")).front();
  const auto swapped = with_secrets(bare, {{"auth/password", foreign.hash, foreign.text}});
  REQUIRE(swapped);
  CHECK(reveal(**swapped, "auth/password", box).error().code == ErrorCode::kCorrupt);
  CHECK((*with_secrets(bare, sealed_secrets(erp)))->revision == erp.revision);
  CHECK(with_secrets(bare, {}).error().code == ErrorCode::kCorrupt);
}

TEST_CASE("another secret is another revision, and the same one is not") {
  const auto box = SecretBox::generate();
  const Library stored(sealed_documents(kSecretive, box, Library()));
  const auto revision_with = [&](std::string_view password) {
    const auto yaml = fmt::format(
        "{{kind: ExternalSystem, name: erp, spec: {{auth: {{kind: basic, user: plant, password: {}}}, "
        "base_url: 'https://erp', headers: {{X-Plant: north}}}}}}",
        password);
    return sealed_documents(yaml, box, stored).front()->revision;
  };
  const auto before = stored.find(kErp)->revision;
  CHECK(revision_with("s3cret-erp") == before);
  CHECK(revision_with("{set: true}") == before);
  CHECK(revision_with("other") != before);
  // Nobody can guess a secret by its revision: another key, another revision.
  const auto elsewhere = sealed_documents(kSecretive, SecretBox::generate(), Library());
  CHECK(Library(elsewhere).find(kErp)->revision != before);
}

TEST_CASE("a site takes an artifact with its secret, under a revision that tells nothing of it") {
  const auto box = SecretBox::generate();
  const Library stored(sealed_documents(kSecretive, box, Library()));
  const auto at_site = [&](DocumentKind kind, std::string_view name) {
    return artifact_of(*stored.find(kind, name), box).value();
  };
  const auto erp = std::get<ExternalSystem>(at_site(DocumentKind::kExternalSystem, "erp"));
  CHECK(erp.auth == ExternalAuth{AuthKind::kBasic, "", "s3cret-erp", "plant"});
  CHECK(erp.headers == std::map<std::string, std::string>{{"X-Plant", "north"}});
  CHECK(erp.salt.size() == 64);
  CHECK(std::get<ExternalSystem>(at_site(DocumentKind::kExternalSystem, "lims")).auth ==
        ExternalAuth{AuthKind::kBearer, "", "s3cret-lims", ""});
  CHECK(std::get<ExternalSystem>(at_site(DocumentKind::kExternalSystem, "mes")).auth ==
        ExternalAuth{AuthKind::kHeader, "X-Api-Key", "s3cret mes", ""});
  CHECK(std::get<DatabaseConnection>(at_site(DocumentKind::kDatabaseConnection, "history")).password ==
        "s3cret-db");
  CHECK(std::get<SmtpSettings>(at_site(DocumentKind::kSmtpSettings, "mail")).user == "plant");
  const Library elsewhere(sealed_documents(kSecretive, SecretBox::generate(), Library()));
  CHECK(artifact_of(*elsewhere.find(kErp), box).error().code == ErrorCode::kCorrupt);
  for (const auto& document : stored.all()) CHECK(check(artifact_of(*document, box).value()));
}

TEST_CASE("a secret that is to stay as it is must be there") {
  const auto box = SecretBox::generate();
  const auto yaml =
      "{kind: SmtpSettings, name: mail, spec: {host: mail, sender: 'a@b', user: plant, password: {set: "
      "true}}}";
  const Library fresh(sealed_documents(yaml, box, Library()));
  const auto outcome = validate(fresh);
  REQUIRE_FALSE(outcome);
  REQUIRE(outcome.error().findings.size() == 1);
  CHECK(outcome.error().findings[0].code == "secret-absent");
  CHECK(outcome.error().findings[0].path == "smtp-settings/mail/password");
  const Library stored(sealed_documents(kSecretive, box, Library()));
  CHECK(validate(stored.with(sealed_documents(yaml, box, stored))));
  // Of another kind than before, it has nothing to keep.
  const auto changed = sealed_documents(
      "{kind: ExternalSystem, name: erp, spec: {base_url: 'https://erp', auth: {kind: bearer, token: {set: "
      "true}}}}",
      box, stored);
  CHECK_FALSE(validate(stored.with(changed)));
}

TEST_CASE("a stored secret is not sent elsewhere than before, nor as another user") {
  const auto box = SecretBox::generate();
  const Library stored(sealed_documents(kSecretive, box, Library()));
  const auto outcome = [&](const std::string& kind, const std::string& name, const std::string& spec) {
    const auto yaml = fmt::format("{{kind: {}, name: {}, spec: {}}}", kind, name, spec);
    return validate(stored.with(sealed_documents(yaml, box, stored)));
  };
  const auto erp = [&](const std::string& url, const std::string& user, const std::string& password) {
    return outcome(
        "ExternalSystem", "erp",
        fmt::format("{{base_url: '{}', timeout: 5s, auth: {{kind: basic, user: {}, password: {}}}}}", url,
                    user, password));
  };
  const auto history = [&](const std::string& host, int port, const std::string& user,
                           const std::string& password) {
    return outcome("DatabaseConnection", "history",
                   fmt::format("{{backend: postgresql, database: other, host: {}, port: {}, user: {}, "
                               "password: {}}}",
                               host, port, user, password));
  };
  const auto mail = [&](const std::string& host, int port, const std::string& user,
                        const std::string& password) {
    return outcome("SmtpSettings", "mail",
                   fmt::format("{{host: {}, port: {}, sender: 'other@example.com', user: {}, password: {}}}",
                               host, port, user, password));
  };
  const std::string kept = "{set: true}";
  CHECK(erp("https://erp", "plant", kept));
  CHECK(erp("https://mine", "mine", "n3w"));
  CHECK(history("db", 5432, "writer", kept));
  CHECK(history("mine", 1, "mine", "n3w"));
  CHECK(mail("mail", 587, "plant", kept));
  CHECK(mail("mine", 1, "mine", "n3w"));
  const std::vector<std::pair<std::string, Result<>>> moved{
      {"external-systems/erp/auth/password", erp("https://mine", "plant", kept)},
      {"external-systems/erp/auth/password", erp("https://erp", "mine", kept)},
      {"external-systems/lims/auth/token",
       outcome("ExternalSystem", "lims",
               "{base_url: 'https://mine', auth: {kind: bearer, token: {set: true}}}")},
      {"database-connections/history/password", history("mine", 5432, "writer", kept)},
      {"database-connections/history/password", history("db", 5433, "writer", kept)},
      {"database-connections/history/password", history("db", 5432, "mine", kept)},
      {"smtp-settings/mail/password", mail("mine", 587, "plant", kept)},
      {"smtp-settings/mail/password", mail("mail", 25, "plant", kept)},
      {"smtp-settings/mail/password", mail("mail", 587, "mine", kept)}};
  for (const auto& [path, refusal] : moved) {
    INFO(path);
    REQUIRE_FALSE(refusal);
    REQUIRE(refusal.error().findings.size() == 1);
    CHECK(refusal.error().findings[0].code == "secret-absent");
    CHECK(refusal.error().findings[0].path == path);
  }
}

TEST_CASE("a way to authenticate has what it needs and nothing else") {
  const std::string auth = "external-systems/a/spec/auth";
  CHECK(refused_auth("{kind: digest}") == auth + "/kind");
  CHECK(refused_auth("{user: u}") == auth);
  CHECK(refused_auth("{kind: none, token: t}") == auth + "/token");
  CHECK(refused_auth("{kind: basic, password: p}") == auth + "/user");
  CHECK(refused_auth("{kind: basic, user: 'a:b', password: p}") == auth + "/user");
  CHECK(refused_auth("{kind: basic, user: u}") == auth + "/password");
  CHECK(refused_auth("{kind: basic, user: u, password: p, token: t}") == auth + "/token");
  CHECK(refused_auth("{kind: bearer}") == auth + "/token");
  CHECK(refused_auth("{kind: bearer, token: 'ü'}") == auth + "/token");
  CHECK(refused_auth("{kind: header, value: v}") == auth + "/name");
  CHECK(refused_auth("{kind: header, name: Host, value: v}") == auth + "/name");
  CHECK(refused_auth("{kind: header, name: 'X Y', value: v}") == auth + "/name");
  CHECK(refused_auth("{kind: header, name: X-Key}") == auth + "/value");
  CHECK(refused_auth("{kind: header, name: X-Key, value: ' v'}") == auth + "/value");
  documents_of(
      "{kind: ExternalSystem, name: a, spec: {base_url: 'http://e', auth: {kind: header, name: "
      "Authorization, value: 'Token abc'}}}");
  const auto header = [](const std::string& headers) {
    return refused("ExternalSystem", fmt::format("{{base_url: 'http://e', headers: {}}}", headers)).first;
  };
  CHECK(header("{Authorization: x}") == "external-systems/a/spec/headers/Authorization");
  CHECK(header("{content-LENGTH: '1'}") == "external-systems/a/spec/headers/content-LENGTH");
  CHECK(header("{X: \"a\\nb\"}") == "external-systems/a/spec/headers/X");
  const auto smtp = [](const std::string& rest) {
    return refused("SmtpSettings", fmt::format("{{host: m, sender: 'a@b', {}}}", rest)).first;
  };
  CHECK(smtp("user: u") == "smtp-settings/a/spec/user");
  CHECK(smtp("password: p") == "smtp-settings/a/spec/user");
  CHECK(refused("DatabaseConnection", "{backend: sqlite, database: x, password: p}").first ==
        "database-connections/a/spec/backend");
}

TEST_CASE("what is wrong with a secret is said without it") {
  for (const auto& password : {std::string("'s3cret\u0001'"), std::string("[s3cret]"),
                               std::string("{s3cret: true}"), "'" + std::string(10'000, 's') + "3cret'",
                               std::string("{set: false}"), std::string("''"), std::string("7")}) {
    const auto spec = fmt::format("{{host: m, sender: 'a@b', user: u, password: {}}}", password);
    const auto outcome =
        parse_documents(fmt::format("{{kind: SmtpSettings, name: a, spec: {}}}", spec), TextFormat::kYaml);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().describe().find("3cret") == std::string::npos);
    for (const auto& finding : outcome.error().findings) {
      CHECK(finding.message.find("3cret") == std::string::npos);
      CHECK(finding.path.find("3cret") == std::string::npos);
    }
  }
}

TEST_CASE(
    "a site is told where order counts; where it does not, the bytes are those of before there was order") {
  const auto box = SecretBox::generate();
  const auto told = [&](const std::string& kind, const std::string& spec, bool ordered) {
    const auto documents = documents_of(fmt::format("{{kind: {}, name: a, spec: {{{}{}}}}}", kind, spec,
                                                    ordered ? ", ordered: true" : ", ordered: false"));
    return std::visit(
        [](const auto& of_kind) -> std::optional<bool> {
          if constexpr (requires { of_kind.ordered; }) return of_kind.ordered;
          return false;
        },
        artifact_of(*documents.front(), box).value());
  };
  for (const auto& [kind, spec] : std::map<std::string, std::string>{
           {"ExternalSystem", "base_url: 'https://erp'"},
           {"DatabaseConnection", "backend: sqlite, database: /var/lib/plant.db"},
           {"NotificationList", "recipients: [ann@example.com], smtp: mail"}}) {
    INFO(kind);
    CHECK(told(kind, spec, true) == true);
    CHECK_FALSE(told(kind, spec, false).has_value());
  }
}
