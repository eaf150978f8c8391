#include "coordinator/settings.hpp"

#include "common/sql/address.hpp"

namespace fieldline::coordinator {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1";
}

// Tokens, passwords and cookies go over this line.
Result<> check_tls(const Settings& settings) {
  if (settings.tls_certificate.has_value() != settings.tls_key.has_value())
    return fail(ErrorCode::kInvalid, "http.tls.certificate and http.tls.key go together",
                settings.tls_key ? "http.tls.key" : "http.tls.certificate");
  if (!settings.tls_key && !settings.plaintext && !is_loopback(settings.http.host))
    return fail(ErrorCode::kInvalid,
                "REST listens beyond loopback without TLS only where http.plaintext says so", "listen.http");
  return {};
}

}  // namespace

settings::Table<Settings> settings_table() {
  settings::Table<Settings> table({"fieldline-coordinator", "Configures, deploys to and watches the sites.",
                                   FIELDLINE_VERSION, "/etc/fieldline/coordinator.yaml"});
  table.add("listen.http", &Settings::http,
            "Where REST listens; port 0 takes a free one and writes it to STATE/http.port.");
  table.add("listen.nodes", &Settings::nodes,
            "Where nodes connect; port 0 takes a free one and writes it to STATE/nodes.port.");
  table.add("http.tls.certificate", &Settings::tls_certificate,
            "PEM file of the certificate, and those above it, that REST shows; with http.tls.key.");
  table.add("http.tls.key", &Settings::tls_key,
            "PEM file of the certificate's key, mode 0600, without a pass phrase.");
  table.add("http.plaintext", &Settings::plaintext,
            "REST may listen beyond loopback without TLS; for behind a proxy that has it.");
  table.add("state", &Settings::state,
            "Directory for the key, the database and the first admin token; made when missing.");
  table.add("database.url", &Settings::database,
            "sqlite:PATH, from the state directory, or postgresql://USER@HOST:PORT/NAME?OPTION=VALUE with "
            "libpq's options; a password goes into a file, named by passfile=FILE.");
  table.add(
      "secrets.key", &Settings::secrets_key,
      "File of the key that stored secrets are sealed with, in STATE unless the path is absolute; made at "
      "the first start.");
  table.add("audit.key", &Settings::audit_key,
            "The key of the audit log, below STATE unless the path is absolute; made when missing. Beside it "
            "is audit.head, the end of the log.");
  table
      .add("nodes.max", &Settings::max_nodes,
           "Nodes that may be connected at once; each takes a file descriptor.")
      .range(1, 100'000);
  table
      .add("nodes.silence_limit", &Settings::silence_limit, "A node that is silent for this long is offline.")
      .range(seconds(1), minutes(10));
  table.add("nodes.ping_interval", &Settings::ping_interval, "How often a node says that it is alive.")
      .range(milliseconds(100), minutes(1));
  table.add("nodes.health_interval", &Settings::health_interval, "How often a node reports its health.")
      .range(seconds(1), minutes(10));
  table
      .add("deployment.deadline", &Settings::deployment_deadline,
           "An order that a node has not answered after this long has failed.")
      .range(seconds(10), minutes(60));
  table.add("log.level", &Settings::log_level, "The least severe that is logged.");
  table.check([](const Settings& settings) -> Result<> {
    if (settings.ping_interval * 2 > settings.silence_limit) {
      return fail(ErrorCode::kInvalid, "nodes.silence_limit must be at least twice nodes.ping_interval",
                  "nodes.silence_limit");
    }
    return {};
  });
  table.check([](const Settings& settings) -> Result<> {
    const auto address = sql::Address::parse(settings.database);
    if (address) return {};
    return fail(address.error().code, "database.url: " + address.error().message, "database.url");
  });
  table.check(check_tls);
  return table;
}

std::string database_address(const Settings& settings) {
  constexpr std::string_view kSqlite = "sqlite:";
  const auto& address = settings.database;
  if (!address.starts_with(kSqlite)) return address;
  return std::string(kSqlite) + (settings.state / address.substr(kSqlite.size())).string();
}

std::filesystem::path audit_key_file(const Settings& settings) {
  return settings.state / settings.audit_key;
}

}  // namespace fieldline::coordinator
