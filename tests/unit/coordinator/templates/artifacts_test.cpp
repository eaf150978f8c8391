#include <fmt/format.h>

#include "coordinator/templates/diff.hpp"
#include "coordinator/templates/references.hpp"
#include "coordinator/templates/validate.hpp"
#include "tests/unit/coordinator/templates/library_of.hpp"

using namespace fieldline;
using namespace fieldline::templates;

namespace {

constexpr std::string_view kArtifacts = R"(---
kind: SharedScript
name: filters
spec:
  description: Smooths noisy levels
  source: |
    return {smooth = function(a, b) return (a + b) / 2 end}
---
kind: ExternalSystem
name: erp
spec:
  base_url: "https://erp.example.com:8443/api"
  retry_interval: 1min
  retry_limit: 0
---
kind: DatabaseConnection
name: history
spec:
  backend: postgresql
  database: plant
  host: "fd00::7"
  user: writer
---
kind: DatabaseConnection
name: local
spec:
  backend: sqlite
  database: "/var/lib/plant/local.db"
---
kind: SmtpSettings
name: mail
spec:
  host: mail.example.com
  port: 25
  sender: "plant@example.com"
---
kind: NotificationList
name: operators
spec:
  recipients:
    - "ann@example.com"
    - "bob.b+plant@example.com"
  smtp: mail
)";

std::string refusal_of(const std::string& kind, const std::string& spec) {
  const auto text = fmt::format("{{kind: {}, name: a, spec: {}}}", kind, spec);
  const auto documents = parse_documents(text, TextFormat::kYaml);
  if (documents) FAIL("it was taken: " << text);
  REQUIRE(documents.error().findings.size() == 1);
  return documents.error().findings.front().path;
}

}  // namespace

TEST_CASE("artifacts are exported as they were written, each before what needs it") {
  const auto documents = documents_of(kArtifacts);
  const auto text = export_documents(documents, TextFormat::kYaml);
  std::vector<std::size_t> places;
  for (const auto* path :
       {"name: filters", "name: erp", "name: history", "name: local", "name: mail", "name: operators"}) {
    places.push_back(text.find(path));
    CHECK(places.back() != std::string::npos);
  }
  CHECK(std::is_sorted(places.begin(), places.end()));
  for (const auto format : {TextFormat::kYaml, TextFormat::kJson}) {
    const auto again = parse_documents(export_documents(documents, format), format);
    REQUIRE(again);
    CHECK(export_documents(*again, TextFormat::kYaml) == text);
  }
  CHECK(validate(Library(documents)));
}

TEST_CASE("paths of artifacts begin with the folder of their kind") {
  for (const auto* path : {"shared-scripts", "external-systems", "database-connections", "smtp-settings",
                           "notification-lists"}) {
    const auto kind = artifact_kind(path);
    REQUIRE(kind);
    CHECK(DocumentKey{*kind, "x"}.path() == fmt::format("{}/x", path));
  }
  for (const auto* other : {"sites", "connections", "templates", "instances", "SharedScript", ""}) {
    CHECK_FALSE(artifact_kind(other));
  }
}

TEST_CASE("a base URL is http or https, with nothing that is secret or goes behind a path") {
  const auto refused = [](const std::string& url) {
    return refusal_of("ExternalSystem", fmt::format("{{base_url: '{}'}}", url));
  };
  for (const auto* url : {"", "erp", "ftp://erp", "http://", "https:///x", "http://erp:0", "http://erp:65536",
                          "http://erp:", "http://a b/", "http://ann:pass@erp/", "http://erp?x=1",
                          "http://erp/#x", "http://erp/ü", "HTTP:erp", "http://[::1", "http://erp/\t"}) {
    INFO(url);
    CHECK(refused(url) == "external-systems/a/spec/base_url");
  }
  CHECK(refused("http://" + std::string(3000, 'a')) == "external-systems/a/spec/base_url");
  for (const auto* url :
       {"http://erp", "https://10.0.0.7:8443/api/v2/", "http://[fd00::7]", "http://[fd00::7]:80/x"}) {
    INFO(url);
    documents_of(fmt::format("{{kind: ExternalSystem, name: a, spec: {{base_url: '{}'}}}}", url));
  }
}

TEST_CASE("fields of artifacts that can't work are refused at their place") {
  CHECK(refusal_of("ExternalSystem", "{base_url: 'http://e', retry_interval: 10ms}") ==
        "external-systems/a/spec/retry_interval");
  CHECK(refusal_of("ExternalSystem", "{base_url: 'http://e', retry_interval: 25h}") ==
        "external-systems/a/spec/retry_interval");
  CHECK(refusal_of("ExternalSystem", "{base_url: 'http://e', retry_limit: -1}") ==
        "external-systems/a/spec/retry_limit");
  CHECK(refusal_of("ExternalSystem", "{base_url: 'http://e', password: x}") ==
        "external-systems/a/spec/password");
  CHECK(refusal_of("SharedScript", "{description: no source}") == "shared-scripts/a/spec");
  const auto database = [](const std::string& rest) { return refusal_of("DatabaseConnection", rest); };
  CHECK(database("{backend: oracle, database: x}") == "database-connections/a/spec/backend");
  CHECK(database("{backend: sqlite, database: ''}") == "database-connections/a/spec/database");
  CHECK(database("{backend: sqlite, database: \"a\\nb\"}") == "database-connections/a/spec/database");
  CHECK(database("{backend: sqlite, database: x, host: y}") == "database-connections/a/spec/backend");
  CHECK(database("{backend: postgresql, database: x}") == "database-connections/a/spec/host");
  CHECK(database("{backend: postgresql, database: x, host: 'a:1'}") == "database-connections/a/spec/host");
  CHECK(database("{backend: postgresql, database: x, host: a, port: 0}") ==
        "database-connections/a/spec/port");
  CHECK(database("{backend: postgresql, database: x, host: a, user: \"\\e\"}") ==
        "database-connections/a/spec/user");
  const auto smtp = [](const std::string& rest) { return refusal_of("SmtpSettings", rest); };
  CHECK(smtp("{host: 'a b', sender: 'a@b'}") == "smtp-settings/a/spec/host");
  CHECK(smtp("{host: a, sender: 'a@b', port: 70000}") == "smtp-settings/a/spec/port");
  for (const auto* address :
       {"", "a", "@b", "a@", "a b@c", "a@b@c", "a,b@c", "a@b\\nBcc: c@d", "<a@b>", "ü@b"}) {
    INFO(address);
    CHECK(smtp(fmt::format("{{host: a, sender: \"{}\"}}", address)) == "smtp-settings/a/spec/sender");
  }
  const auto list = [](const std::string& recipients) {
    return refusal_of("NotificationList", fmt::format("{{smtp: mail, recipients: [{}]}}", recipients));
  };
  CHECK(list("") == "notification-lists/a/spec/recipients");
  CHECK(list("'a@b', nobody") == "notification-lists/a/spec/recipients/1");
  CHECK(list("'a@b', 'a@b'") == "notification-lists/a/spec/recipients/1");
  std::string many;
  for (int i = 0; i <= 100; ++i) many += fmt::format("'a{}@b', ", i);
  CHECK(list(many) == "notification-lists/a/spec/recipients");
  CHECK(refusal_of("NotificationList", "{smtp: 'no name', recipients: ['a@b']}") ==
        "notification-lists/a/spec/smtp");
}

TEST_CASE("SMTP settings stay as long as a list sends by them") {
  const auto library = library_of(kArtifacts);
  CHECK(dependants(library, {DocumentKind::kSmtpSettings, "mail"}) ==
        std::vector<DocumentKey>{{DocumentKind::kNotificationList, "operators"}});
}

namespace {

// T's script uses the shared script `orders`, which sends to `erp`; another instance needs nothing.
std::string plant() {
  return fmt::format("{}---{}", kArtifacts, placed(R"yaml(
kind: SharedScript
name: orders
spec: {source: "return {send = function(x) external.send('erp', x) end}"}
---
kind: Template
name: T
spec: {scripts: {S: {source: "shared.orders.send(1) database.write('local', 'x')"}}}
---
kind: Template
name: Plain
---
kind: Instance
name: Q
spec: {site: north, template: Plain}
)yaml"));
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE(
    "a configuration has the names of the artifacts that its scripts need, also through shared scripts") {
  const auto library = library_of(plant());
  REQUIRE(validate(library));
  CHECK(derived_of(library).config.artifacts ==
        Names{"database-connections/local", "external-systems/erp", "shared-scripts/orders"});
  CHECK(derived_of(library, "Q").config.artifacts.empty());
  const auto overridden =
      library.with(documents_of("{kind: Instance, name: P, spec: {site: north, template: T, scripts: {S: "
                                "{source: 'return shared.filters'}}}}"));
  CHECK(derived_of(overridden).config.artifacts == Names{"shared-scripts/filters"});
}

TEST_CASE("shared scripts may name each other") {
  const auto library = library_of(plant()).with(documents_of(
      "{kind: SharedScript, name: orders, spec: {source: 'return function() return shared.filters "
      "end'}}\n---\n"
      "{kind: SharedScript, name: filters, spec: {source: 'return function() return shared.orders end'}}"));
  REQUIRE(validate(library));
  CHECK(derived_of(library).config.artifacts ==
        Names{"database-connections/local", "shared-scripts/filters", "shared-scripts/orders"});
}

TEST_CASE("an artifact stays as long as Lua names it") {
  const auto library = library_of(plant());
  using Keys = std::vector<DocumentKey>;
  CHECK(dependants(library, {DocumentKind::kExternalSystem, "erp"}) ==
        Keys{{DocumentKind::kSharedScript, "orders"}});
  CHECK(dependants(library, {DocumentKind::kSharedScript, "orders"}) == Keys{{DocumentKind::kTemplate, "T"}});
  CHECK(dependants(library, {DocumentKind::kDatabaseConnection, "local"}) ==
        Keys{{DocumentKind::kTemplate, "T"}});
  CHECK(dependants(library, {DocumentKind::kDatabaseConnection, "history"}).empty());
}

TEST_CASE("an edited artifact reaches no instance, unless a shared script names others than before") {
  const auto before = library_of(plant());
  const auto reach_after = [&](std::string_view yaml) {
    return reach_of(before, before.with(documents_of(yaml)));
  };
  const auto edited = reach_after("{kind: ExternalSystem, name: erp, spec: {base_url: 'http://other'}}");
  CHECK(edited.changed == std::set<DocumentKey>{{DocumentKind::kExternalSystem, "erp"}});
  CHECK(edited.templates.empty());
  CHECK(edited.instances.empty());
  CHECK(reach_after("{kind: SharedScript, name: orders, spec: {source: \"return {send = function(x) "
                    "external.send('erp', {x}) end}\"}}")
            .instances.empty());
  CHECK(
      reach_after("{kind: SharedScript, name: orders, spec: {source: 'return shared.filters'}}").instances ==
      Names{"P"});
  // Through one that is not changed itself.
  const auto outer = before.with(
      documents_of("{kind: Template, name: T, spec: {scripts: {S: {source: 'return shared.outer'}}}}\n---\n"
                   "{kind: SharedScript, name: outer, spec: {source: 'return shared.orders'}}"));
  const auto inner =
      outer.with(documents_of("{kind: SharedScript, name: orders, spec: {source: 'return {}'}}"));
  CHECK(reach_of(outer, inner).instances == Names{"P"});
  CHECK(derived_of(inner).config.artifacts == Names{"shared-scripts/orders", "shared-scripts/outer"});
}

TEST_CASE("editing an artifact leaves the revision, and what changes the set of names is the cause of it") {
  const auto before = library_of(plant());
  const auto now = derived_of(before);
  const auto edited = derived_of(before.with(
      documents_of("{kind: ExternalSystem, name: erp, spec: {base_url: 'http://other', retry_limit: 3}}")));
  CHECK(edited.revision == now.revision);

  const auto change_to = [&](std::string_view yaml) {
    const auto after = derived_of(before.with(documents_of(yaml)));
    CHECK(after.revision != now.revision);
    const auto found = diff({&now.config, &now.provenance}, {&after.config, &after.provenance});
    for (const auto& member : found.members) {
      if (member.kind == MemberKind::kInstance) return member.changes.front();
    }
    FAIL("no change of the instance");
    return FieldChange();
  };
  const auto by_module = change_to("{kind: SharedScript, name: orders, spec: {source: 'return {}'}}");
  CHECK(by_module.field == "artifacts");
  CHECK(by_module.from.size() == 3);
  CHECK(by_module.to == Json::array({"database-connections/local", "shared-scripts/orders"}));
  CHECK(by_module.cause.document == "shared-scripts/orders");
  CHECK(by_module.cause.kind == OriginKind::kArtifact);
  const auto by_template = change_to(
      "{kind: Template, name: T, spec: {scripts: {S: {source: 'return shared.orders, shared.filters'}}}}");
  CHECK(by_template.cause.document == "templates/T");
  const auto by_override = change_to(
      "{kind: Instance, name: P, spec: {site: north, template: T, scripts: {S: {source: 'return "
      "shared.orders'}}}}");
  CHECK(by_override.cause.document == "instances/P");
}
