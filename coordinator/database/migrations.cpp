#include "coordinator/database/migrations.hpp"

#include <array>

#include "common/lease/sql_votes.hpp"
#include "coordinator/database/accounts.hpp"
#include "coordinator/database/artifact_deployment.hpp"
#include "coordinator/database/documents.hpp"

namespace fieldline::database {
namespace {

// Times are microseconds since 1970, UTC.
constexpr std::string_view kCoordinator = R"sql(
CREATE TABLE coordinator (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  term INTEGER NOT NULL
) STRICT;
INSERT INTO coordinator VALUES (1, 0);
CREATE TABLE node_keys (
  public_key  TEXT PRIMARY KEY,
  site        TEXT NOT NULL,
  node        TEXT NOT NULL,
  accepted_by TEXT NOT NULL,
  accepted_at INTEGER NOT NULL,
  UNIQUE (site, node)
) STRICT, WITHOUT ROWID;
CREATE TABLE tokens (
  hash    TEXT PRIMARY KEY,
  name    TEXT NOT NULL UNIQUE,
  created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

constexpr std::string_view kDeployments = R"sql(
CREATE TABLE deployments (
  instance TEXT PRIMARY KEY,
  id       TEXT NOT NULL,
  site     TEXT NOT NULL,
  kind     TEXT NOT NULL,
  state    TEXT NOT NULL,
  stage    TEXT NOT NULL,
  reason   TEXT NOT NULL,
  message  TEXT NOT NULL,
  findings TEXT NOT NULL,
  revision TEXT NOT NULL,
  who      TEXT NOT NULL,
  started  INTEGER NOT NULL,
  finished INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE deployed (
  instance TEXT PRIMARY KEY,
  site     TEXT NOT NULL,
  revision TEXT NOT NULL,
  enabled  INTEGER NOT NULL,
  since    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sent_configs (
  sent       INTEGER PRIMARY KEY,
  instance   TEXT NOT NULL,
  revision   TEXT NOT NULL,
  bytes      BLOB NOT NULL,
  provenance TEXT NOT NULL,
  UNIQUE (instance, revision)
) STRICT;
)sql";

constexpr std::string_view kEventsOfCentral = R"sql(
CREATE TABLE central_events (
  id       INTEGER PRIMARY KEY,
  site     TEXT NOT NULL,
  time     INTEGER NOT NULL,
  severity INTEGER NOT NULL,
  category TEXT NOT NULL,
  instance TEXT NOT NULL,
  source   TEXT NOT NULL,
  message  TEXT NOT NULL,
  details  TEXT NOT NULL,
  trace_id TEXT NOT NULL
) STRICT;
CREATE INDEX central_events_of_site ON central_events (site, id);
CREATE INDEX central_events_by_time ON central_events (time);
)sql";

constexpr std::string_view kDeploymentWarnings = R"sql(
ALTER TABLE deployments ADD COLUMN warnings TEXT NOT NULL DEFAULT '[]';
)sql";

// Listed by time, newest first, of all or of those that share one value.
constexpr std::string_view kAudit = R"sql(
CREATE TABLE audit (
  sequence   INTEGER PRIMARY KEY,
  recorded   INTEGER NOT NULL,
  who        TEXT NOT NULL,
  kind       TEXT NOT NULL,
  address    TEXT NOT NULL,
  action     TEXT NOT NULL,
  method     TEXT NOT NULL,
  path       TEXT NOT NULL,
  document   TEXT NOT NULL,
  site       TEXT NOT NULL,
  instance   TEXT NOT NULL,
  deployment TEXT NOT NULL,
  result     TEXT NOT NULL,
  details    TEXT NOT NULL,
  mac        TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (recorded, sequence);
CREATE INDEX audit_by_who ON audit (who, recorded, sequence);
CREATE INDEX audit_by_action ON audit (action, recorded, sequence);
CREATE INDEX audit_by_instance ON audit (instance, recorded, sequence);
CREATE INDEX audit_by_site ON audit (site, recorded, sequence);
CREATE INDEX audit_by_result ON audit (result, recorded, sequence);
CREATE INDEX audit_by_deployment ON audit (deployment, action);
)sql";

// What was kept as JSON is not known any more: causes have names again from the next deploy on.
constexpr std::string_view kPackedProvenance = R"sql(
ALTER TABLE sent_configs DROP COLUMN provenance;
ALTER TABLE sent_configs ADD COLUMN provenance BLOB;
)sql";

constexpr std::string_view kEventsInOrderOfTime = R"sql(
DROP INDEX central_events_of_site;
CREATE INDEX central_events_of_site ON central_events (site, time, id);
)sql";

// What is about to be done, until its entry is in the log.
constexpr std::string_view kAuditIntents = R"sql(
CREATE TABLE audit_intents (
  id       INTEGER PRIMARY KEY,
  asked    INTEGER NOT NULL,
  who      TEXT NOT NULL,
  kind     TEXT NOT NULL,
  address  TEXT NOT NULL,
  action   TEXT NOT NULL,
  method   TEXT NOT NULL,
  path     TEXT NOT NULL,
  site     TEXT NOT NULL,
  instance TEXT NOT NULL
) STRICT;
)sql";

constexpr std::array kMigrations = std::to_array<sql::Migration>({
    {1, "documents", kDocumentsSchema},
    {2, "coordinator, node keys, tokens", kCoordinator},
    {3, "deployments", kDeployments},
    {4, "events of central", kEventsOfCentral},
    {5, "document secrets", kDocumentSecretsSchema},
    {6, "artifact deployments", kArtifactDeploymentsSchema},
    {7, "warnings of deployments", kDeploymentWarnings},
    {8, "users, and grants of tokens", kAccountsSchema},
    {9, "audit", kAudit},
    {10, "packed provenance", kPackedProvenance},
    {11, "events of central in order of time", kEventsInOrderOfTime},
    {12, "intents of the audit log", kAuditIntents},
    {13, "votes", lease::kVotesTable},
});

}  // namespace

std::span<const sql::Migration> migrations() {
  return kMigrations;
}

}  // namespace fieldline::database
