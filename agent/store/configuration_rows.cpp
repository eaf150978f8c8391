#include "agent/store/configuration_rows.hpp"

#include <fmt/format.h>

#include "agent/store/limits.hpp"
#include "common/base/hash.hpp"
#include "common/sql/bytes.hpp"
#include "common/wire/codec.hpp"

namespace fieldline::store {
namespace {

// SQL's integers are signed: the same 64 bits either way.
std::int64_t to_column(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}
std::uint64_t from_column(std::int64_t column) {
  return static_cast<std::uint64_t>(column);
}

Inventory select_current(soci::session& sql) {
  InventoryItem item;
  int enabled = 0;
  soci::statement rows =
      (sql.prepare << "SELECT instance, revision, enabled FROM configurations ORDER BY instance",
       soci::into(item.instance), soci::into(item.revision), soci::into(enabled));
  rows.execute();
  Inventory current;
  while (rows.fetch()) {
    item.enabled = enabled != 0;
    current.push_back(item);
  }
  return current;
}

std::vector<std::pair<std::string, std::uint64_t>> select_numbers(soci::session& sql) {
  std::string instance;
  std::int64_t number = 0;
  soci::statement rows =
      (sql.prepare << "SELECT instance, number FROM order_numbers", soci::into(instance), soci::into(number));
  rows.execute();
  std::vector<std::pair<std::string, std::uint64_t>> numbers;
  while (rows.fetch()) numbers.emplace_back(instance, from_column(number));
  return numbers;
}

Result<std::vector<Report>> select_reports(soci::session& sql) {
  soci::blob blob(sql);
  soci::statement rows = (sql.prepare << "SELECT report FROM reports ORDER BY sequence", soci::into(blob));
  rows.execute();
  std::vector<Report> reports;
  while (rows.fetch()) {
    auto report = wire::decode<Report>(sql::take_bytes(blob));
    if (!report)
      return fail(ErrorCode::kCorrupt, "a stored report cannot be read: " + report.error().message);
    reports.push_back(std::move(*report));
  }
  return reports;
}

}  // namespace

Result<> tidy(soci::session& sql) {
  const auto most = static_cast<std::int64_t>(kInstances);
  sql << "DELETE FROM candidates";
  // Where states of an earlier release are left.
  sql << "DELETE FROM kept WHERE instance NOT IN (SELECT instance FROM configurations UNION ALL "
         "SELECT instance FROM damaged)";
  sql << "DELETE FROM order_numbers WHERE instance NOT IN (SELECT instance FROM configurations) "
         "AND instance <> '' AND rowid NOT IN (SELECT rowid FROM order_numbers ORDER BY rowid DESC LIMIT "
         ":most)",
      soci::use(most);
  return {};
}

Result<Index> select_index(soci::session& sql) {
  std::int64_t term = 0;
  sql << "SELECT term FROM node", soci::into(term);
  auto reports = select_reports(sql);
  if (!reports) return fail(reports.error());
  return Index{from_column(term), select_current(sql), select_numbers(sql), std::move(*reports)};
}

Result<> update_term(soci::session& sql, std::uint64_t term) {
  const auto column = to_column(term);
  sql << "UPDATE node SET term = :term", soci::use(column);
  return {};
}

Result<> upsert_number(soci::session& sql, const std::string& instance, std::uint64_t number) {
  const auto column = to_column(number);
  sql << "INSERT INTO order_numbers (instance, number) VALUES (:instance, :number) "
         "ON CONFLICT (instance) DO UPDATE SET number = excluded.number",
      soci::use(instance), soci::use(column);
  return {};
}

Result<> upsert_report(soci::session& sql, const Report& report) {
  soci::blob blob(sql);
  sql::put_bytes(blob, wire::encode(report));
  sql << "INSERT INTO reports (deployment, report) VALUES (:deployment, :report) "
         "ON CONFLICT (deployment) DO UPDATE SET report = excluded.report",
      soci::use(report.deployment), soci::use(blob);
  const auto most = static_cast<std::int64_t>(kReports);
  sql << "DELETE FROM reports WHERE sequence <= (SELECT max(sequence) FROM reports) - :most", soci::use(most);
  return {};
}

Result<> upsert_candidate(soci::session& sql, const std::string& instance, const Revision& revision,
                          const std::string& bytes) {
  soci::blob blob(sql);
  sql::put_bytes(blob, bytes);
  sql << "INSERT INTO candidates (instance, revision, bytes) VALUES (:instance, :revision, :bytes) "
         "ON CONFLICT (instance) DO UPDATE SET revision = excluded.revision, bytes = excluded.bytes",
      soci::use(instance), soci::use(revision), soci::use(blob);
  return {};
}

Result<> promote_candidate(soci::session& sql, const std::string& instance, const Revision& revision,
                           bool enabled) {
  const int column = enabled ? 1 : 0;
  soci::statement promote =
      (sql.prepare << "INSERT INTO configurations (instance, revision, enabled, bytes) "
                      "SELECT instance, revision, :enabled, bytes FROM candidates "
                      "WHERE instance = :instance AND revision = :revision "
                      "ON CONFLICT (instance) DO UPDATE SET revision = excluded.revision, "
                      "enabled = excluded.enabled, bytes = excluded.bytes",
       soci::use(column), soci::use(instance), soci::use(revision));
  promote.execute(true);
  if (promote.get_affected_rows() == 0) {
    return fail(ErrorCode::kNotFound, fmt::format("{} has no candidate of revision {}", instance, revision));
  }
  return delete_candidate(sql, instance);
}

Result<> delete_candidate(soci::session& sql, const std::string& instance) {
  sql << "DELETE FROM candidates WHERE instance = :instance", soci::use(instance);
  return {};
}

Result<> delete_instance(soci::session& sql, const std::string& instance) {
  for (const auto* table : {"candidates", "configurations", "damaged"}) {
    sql << "DELETE FROM " << table << " WHERE instance = :instance", soci::use(instance);
  }
  return {};
}

Result<> update_enabled(soci::session& sql, const std::string& instance, bool enabled) {
  const int column = enabled ? 1 : 0;
  soci::statement update =
      (sql.prepare << "UPDATE configurations SET enabled = :enabled WHERE instance = :instance",
       soci::use(column), soci::use(instance));
  update.execute(true);
  if (update.get_affected_rows() == 1) return {};
  return fail(ErrorCode::kNotFound, instance + " has no configuration at this node");
}

Result<StoredConfiguration> select_configuration(soci::session& sql, const std::string& instance) {
  StoredConfiguration stored;
  stored.item.instance = instance;
  int enabled = 0;
  soci::blob blob(sql);
  sql << "SELECT revision, enabled, bytes FROM configurations WHERE instance = :instance",
      soci::into(stored.item.revision), soci::into(enabled), soci::into(blob), soci::use(instance);
  if (!sql.got_data()) return fail(ErrorCode::kNotFound, instance + " has no configuration at this node");
  stored.item.enabled = enabled != 0;
  stored.bytes = sql::take_bytes(blob);
  if (blake2b_hex(stored.bytes) == stored.item.revision) return stored;
  return fail(
      ErrorCode::kCorrupt,
      fmt::format("the stored configuration of {} no longer has its revision: deploy it again", instance));
}

Result<> move_to_damaged(soci::session& sql, const InventoryItem& item) {
  sql << "INSERT OR REPLACE INTO damaged (instance, revision, bytes) SELECT instance, revision, bytes "
         "FROM configurations WHERE instance = :instance AND revision = :revision",
      soci::use(item.instance), soci::use(item.revision);
  sql << "DELETE FROM configurations WHERE instance = :instance AND revision = :revision",
      soci::use(item.instance), soci::use(item.revision);
  return {};
}

}  // namespace fieldline::store
