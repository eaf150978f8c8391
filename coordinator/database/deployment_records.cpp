#include "coordinator/database/deployment_records.hpp"

#include "common/base/utf8.hpp"
#include "common/model/json.hpp"
#include "common/sql/bytes.hpp"
#include "common/sql/prepared.hpp"
#include "coordinator/database/submit.hpp"
#include "coordinator/database/time_column.hpp"

namespace fieldline::database {
namespace {

template <NamedEnum E>
Result<> read_enum(const std::string& text, E& out, std::string_view column) {
  const auto value = parse_enum<E>(text);
  if (!value) return fail(ErrorCode::kCorrupt, fmt::format("'{}' is no {}", text, column), "deployments");
  out = *value;
  return {};
}

// A row of `deployments` with its enumerations still as text.
struct StatusRow {
  Deployment status;
  std::string kind, state, stage, findings, warnings;
  long long started = 0;
  long long finished = 0;
  soci::indicator has_finished = soci::i_null;
};

Result<Deployment> status_of(const StatusRow& row) {
  auto status = row.status;
  if (auto read = read_enum(row.kind, status.kind, "kind"); !read) return fail(read.error());
  if (auto read = read_enum(row.state, status.state, "state"); !read) return fail(read.error());
  if (auto read = read_enum(row.stage, status.stage, "stage"); !read) return fail(read.error());
  const auto findings = Json::parse(row.findings, nullptr, false);
  if (auto read = from_json(findings, status.findings); !read) {
    return fail(ErrorCode::kCorrupt, read.error().message, "deployments, column findings");
  }
  const auto warnings = Json::parse(row.warnings, nullptr, false);
  if (auto read = from_json(warnings, status.warnings); !read) {
    return fail(ErrorCode::kCorrupt, read.error().message, "deployments, column warnings");
  }
  status.started = from_column(row.started);
  if (row.has_finished == soci::i_ok) status.finished = from_column(row.finished);
  return status;
}

class WriteStatus {
 public:
  explicit WriteStatus(soci::session& sql)
      : statement_(
            (sql.prepare
                 << "INSERT INTO deployments (instance, id, site, kind, state, stage, reason, message, "
                    "findings, revision, warnings, who, started, finished) VALUES (:instance, :id, :site, "
                    ":kind, :state, :stage, :reason, :message, :findings, :revision, :warnings, :who, "
                    ":started, :finished) ON CONFLICT (instance) DO UPDATE SET id = excluded.id, "
                    "site = excluded.site, kind = excluded.kind, state = excluded.state, "
                    "stage = excluded.stage, reason = excluded.reason, message = excluded.message, "
                    "findings = excluded.findings, revision = excluded.revision, "
                    "warnings = excluded.warnings, who = excluded.who, started = excluded.started, "
                    "finished = excluded.finished",
             soci::use(row_.status.instance), soci::use(row_.status.id), soci::use(row_.status.site),
             soci::use(row_.kind), soci::use(row_.state), soci::use(row_.stage),
             soci::use(row_.status.reason), soci::use(row_.status.message), soci::use(row_.findings),
             soci::use(row_.status.revision), soci::use(row_.warnings), soci::use(row_.status.who),
             soci::use(row_.started), soci::use(row_.finished, row_.has_finished))) {}

  void run(const Deployment& status) {
    row_.status = status;
    row_.status.reason = without_nul(status.reason);
    row_.status.message = without_nul(status.message);
    row_.kind = name(status.kind);
    row_.state = name(status.state);
    row_.stage = name(status.stage);
    row_.findings = to_json(status.findings).dump();
    row_.warnings = to_json(status.warnings).dump();
    row_.started = to_column(status.started);
    row_.finished = status.finished ? to_column(*status.finished) : 0;
    row_.has_finished = status.finished ? soci::i_ok : soci::i_null;
    statement_.execute(true);
  }

 private:
  StatusRow row_;
  soci::statement statement_;
};

class WriteDeployed {
 public:
  explicit WriteDeployed(soci::session& sql)
      : statement_((sql.prepare << "INSERT INTO deployed (instance, site, revision, enabled, since) "
                                   "VALUES (:instance, :site, :revision, :enabled, :since) "
                                   "ON CONFLICT (instance) DO UPDATE SET site = excluded.site, "
                                   "revision = excluded.revision, enabled = excluded.enabled, "
                                   "since = excluded.since",
                    soci::use(row_.instance), soci::use(row_.site), soci::use(row_.revision),
                    soci::use(enabled_), soci::use(since_))) {}

  void run(const Deployed& deployed) {
    row_ = deployed;
    enabled_ = deployed.enabled ? 1 : 0;
    since_ = to_column(deployed.since);
    statement_.execute(true);
  }

 private:
  Deployed row_;
  int enabled_ = 0;
  long long since_ = 0;
  soci::statement statement_;
};

class WriteConfig {
 public:
  explicit WriteConfig(soci::session& sql)
      : column_(sql),
        write_((sql.prepare << "INSERT INTO sent_configs (sent, instance, revision, bytes, provenance) "
                               "VALUES ((SELECT COALESCE(MAX(sent), 0) + 1 FROM sent_configs), :instance, "
                               ":revision, "
                            << column_.parameter(":bytes") << ", " << column_.parameter(":provenance")
                            << ") ON CONFLICT (instance, revision) DO UPDATE SET sent = excluded.sent, "
                               "bytes = excluded.bytes, provenance = excluded.provenance",
                soci::use(instance_), soci::use(revision_), soci::use(bytes_), soci::use(provenance_))),
        // No ORDER BY with a LIMIT: PostgreSQL would walk back over all that was ever sent.
        prune_((sql.prepare << "DELETE FROM sent_configs WHERE instance = :instance "
                               "AND revision NOT IN (SELECT revision FROM deployed WHERE instance = "
                               ":instance2) AND (SELECT COUNT(*) FROM sent_configs newer WHERE "
                               "newer.instance = :instance3 AND newer.sent > sent_configs.sent) >= :kept",
                soci::use(instance_), soci::use(instance_), soci::use(instance_), soci::use(kKeptConfigs))) {}

  void run(const SentConfig& config) {
    instance_ = config.instance;
    revision_ = config.revision;
    bytes_ = column_.bound(config.bytes);
    provenance_ = column_.bound(config.provenance);
    write_.execute(true);
    prune_.execute(true);
  }

 private:
  const sql::BytesColumn column_;
  std::string instance_, revision_, bytes_, provenance_;
  soci::statement write_;
  soci::statement prune_;
};

void erase(soci::session& sql, const char* table, const std::string& instance) {
  sql << "DELETE FROM " << table << " WHERE instance = :instance", soci::use(instance);
}

void apply(soci::session& sql, const DeploymentChange& change) {
  if (change.sent) sql::prepared<WriteConfig>(sql).run(*change.sent);
  for (const auto& deployed : change.deployed) sql::prepared<WriteDeployed>(sql).run(deployed);
  for (const auto& instance : change.undeployed) {
    erase(sql, "deployed", instance);
    erase(sql, "sent_configs", instance);
  }
  if (change.status) sql::prepared<WriteStatus>(sql).run(*change.status);
  write_events(sql, change.events);
  if (change.forgotten) erase(sql, "deployments", *change.forgotten);
}

std::optional<SentConfig> find_config(soci::session& sql, const std::string& instance,
                                      const Revision& revision) {
  SentConfig config{{}, instance, {}, revision};
  const sql::BytesColumn column(sql);
  std::string bytes;
  std::string provenance;
  auto known = soci::i_null;
  sql << "SELECT " << column.selected("bytes") << ", " << column.selected("provenance")
      << " FROM sent_configs WHERE instance = :instance AND revision = :revision",
      soci::into(bytes), soci::into(provenance, known), soci::use(instance), soci::use(revision);
  if (!sql.got_data()) return std::nullopt;
  config.bytes = column.taken(std::move(bytes));
  if (known == soci::i_ok) config.provenance = column.taken(std::move(provenance));
  return config;
}

}  // namespace

Result<std::vector<Deployment>> DeploymentRecords::statuses() {
  return database_.read_now([](soci::session& sql) -> Result<std::vector<Deployment>> {
    std::vector<Deployment> statuses;
    StatusRow row;
    auto& status = row.status;
    soci::statement query =
        (sql.prepare << "SELECT instance, id, site, kind, state, stage, reason, message, findings, revision, "
                        "warnings, who, started, finished FROM deployments ORDER BY instance",
         soci::into(status.instance), soci::into(status.id), soci::into(status.site), soci::into(row.kind),
         soci::into(row.state), soci::into(row.stage), soci::into(status.reason), soci::into(status.message),
         soci::into(row.findings), soci::into(status.revision), soci::into(row.warnings),
         soci::into(status.who), soci::into(row.started), soci::into(row.finished, row.has_finished));
    query.execute();
    while (query.fetch()) {
      auto read = status_of(row);
      if (!read) return fail(std::move(read.error()));
      statuses.push_back(std::move(*read));
    }
    return statuses;
  });
}

Result<std::vector<Deployed>> DeploymentRecords::deployed() {
  return database_.read_now([](soci::session& sql) {
    std::vector<Deployed> all;
    Deployed row;
    int enabled = 0;
    long long since = 0;
    soci::statement query =
        (sql.prepare << "SELECT instance, site, revision, enabled, since FROM deployed ORDER BY instance",
         soci::into(row.instance), soci::into(row.site), soci::into(row.revision), soci::into(enabled),
         soci::into(since));
    query.execute();
    while (query.fetch()) {
      row.enabled = enabled != 0;
      row.since = from_column(since);
      all.push_back(row);
    }
    return all;
  });
}

Result<> DeploymentRecords::fail_open(const std::string& reason, const std::string& message, Timestamp now) {
  return database_.write_now([&](soci::session& sql) -> Result<> {
    const long long finished = to_column(now);
    sql << "UPDATE deployments SET state = 'failed', reason = :reason, message = :message, finished = "
           ":finished "
           "WHERE state IN ('pending', 'in-progress')",
        soci::use(reason), soci::use(message), soci::use(finished);
    return {};
  });
}

void DeploymentRecords::save(DeploymentChange change, std::function<void(Result<>)> done,
                             Executor& reply_to) {
  submit(
      database_,
      [change = std::move(change)](soci::session& sql) -> Result<> {
        apply(sql, change);
        return {};
      },
      std::move(done), reply_to);
}

void DeploymentRecords::config(const std::string& instance, const Revision& revision,
                               std::function<void(Result<std::optional<SentConfig>>)> done,
                               Executor& reply_to) {
  auto taken = database_.read(
      [instance, revision](soci::session& sql) { return find_config(sql, instance, revision); }, done,
      reply_to);
  if (!taken)
    reply_to.post([done = std::move(done), error = std::move(taken.error())] { done(fail(error)); });
}

void DeploymentRecords::configs(std::vector<ConfigKey> wanted,
                                std::function<void(Result<StoredConfigs>)> done, Executor& reply_to) {
  auto taken = database_.read(
      [wanted = std::move(wanted)](soci::session& sql) {
        StoredConfigs found;
        found.reserve(wanted.size());
        for (const auto& [instance, revision] : wanted) found.push_back(find_config(sql, instance, revision));
        return found;
      },
      done, reply_to);
  if (!taken)
    reply_to.post([done = std::move(done), error = std::move(taken.error())] { done(fail(error)); });
}

}  // namespace fieldline::database
