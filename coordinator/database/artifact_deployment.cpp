#include "coordinator/database/artifact_deployment.hpp"

#include <fmt/format.h>

#include <utility>

#include "common/base/utf8.hpp"
#include "common/model/json.hpp"
#include "coordinator/database/submit.hpp"
#include "coordinator/database/time_column.hpp"

namespace fieldline::database {
namespace {

struct ArtifactRow {
  ArtifactDeployment row;
  std::string state;
  std::string findings;
  long long started = 0;
  long long finished = 0;
  soci::indicator has_finished = soci::i_null;
};

Result<ArtifactDeployment> artifact_deployment_of(const ArtifactRow& stored) {
  auto row = stored.row;
  const auto corrupt = [&](std::string_view column) {
    return fail(ErrorCode::kCorrupt, fmt::format("the column {} of {} can't be read", column, row.site),
                "artifact_deployments");
  };
  const auto state = parse_enum<DeploymentState>(stored.state);
  if (!state) return corrupt("state");
  row.state = *state;
  if (!from_json(Json::parse(stored.findings, nullptr, false), row.findings)) return corrupt("findings");
  row.started = from_column(stored.started);
  if (stored.has_finished == soci::i_ok) row.finished = from_column(stored.finished);
  return row;
}

void write_artifact_deployment(soci::session& sql, const ArtifactDeployment& row) {
  const std::string state(name(row.state));
  const auto reason = without_nul(row.reason);
  const auto message = without_nul(row.message);
  const auto findings = to_json(row.findings).dump();
  const long long started = to_column(row.started);
  const long long finished = row.finished ? to_column(*row.finished) : 0;
  auto has_finished = row.finished ? soci::i_ok : soci::i_null;
  sql << "INSERT INTO artifact_deployments (site, deployment, state, reason, message, findings, who, "
         "started, "
         "finished) VALUES (:site, :deployment, :state, :reason, :message, :findings, :who, :started, "
         ":finished) ON CONFLICT (site) DO UPDATE SET deployment = excluded.deployment, state = "
         "excluded.state, "
         "reason = excluded.reason, message = excluded.message, findings = excluded.findings, "
         "who = excluded.who, started = excluded.started, finished = excluded.finished",
      soci::use(row.site), soci::use(row.deployment), soci::use(state), soci::use(reason), soci::use(message),
      soci::use(findings), soci::use(row.who), soci::use(started), soci::use(finished, has_finished);
}

}  // namespace

Result<> ArtifactDeployments::fail_open(const std::string& reason, const std::string& message,
                                        Timestamp now) {
  return database_.write_now([&](soci::session& sql) -> Result<> {
    const long long finished = to_column(now);
    sql << "UPDATE artifact_deployments SET state = 'failed', reason = :reason, message = :message, "
           "finished = :finished WHERE state IN ('pending', 'in-progress')",
        soci::use(reason), soci::use(message), soci::use(finished);
    return {};
  });
}

Result<std::vector<ArtifactDeployment>> ArtifactDeployments::all() {
  return database_.read_now([](soci::session& sql) -> Result<std::vector<ArtifactDeployment>> {
    std::vector<ArtifactDeployment> all;
    ArtifactRow stored;
    auto& row = stored.row;
    soci::statement query =
        (sql.prepare << "SELECT site, deployment, state, reason, message, findings, who, started, finished "
                        "FROM artifact_deployments ORDER BY site",
         soci::into(row.site), soci::into(row.deployment), soci::into(stored.state), soci::into(row.reason),
         soci::into(row.message), soci::into(stored.findings), soci::into(row.who),
         soci::into(stored.started), soci::into(stored.finished, stored.has_finished));
    query.execute();
    while (query.fetch()) {
      auto read = artifact_deployment_of(stored);
      if (!read) return fail(std::move(read.error()));
      all.push_back(std::move(*read));
    }
    return all;
  });
}

void ArtifactDeployments::save(std::vector<ArtifactDeployment> rows, std::function<void(Result<>)> done,
                               Executor& reply_to) {
  submit(
      database_,
      [rows = std::move(rows)](soci::session& sql) -> Result<> {
        for (const auto& row : rows) write_artifact_deployment(sql, row);
        return {};
      },
      std::move(done), reply_to);
}

void ArtifactDeployments::forget(std::vector<std::string> sites, std::function<void(Result<>)> done,
                                 Executor& reply_to) {
  submit(
      database_,
      [sites = std::move(sites)](soci::session& sql) -> Result<> {
        for (const auto& site : sites)
          sql << "DELETE FROM artifact_deployments WHERE site = :site", soci::use(site);
        return {};
      },
      std::move(done), reply_to);
}

}  // namespace fieldline::database
