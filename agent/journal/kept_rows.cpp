#include "agent/journal/kept_rows.hpp"

#include <fmt/format.h>

#include "agent/journal/arrival.hpp"
#include "agent/journal/limits.hpp"
#include "agent/journal/record_rows.hpp"
#include "agent/journal/statement.hpp"
#include "common/sql/prepared.hpp"

namespace fieldline::journal {
namespace {

struct SelectKeptPlace : Statement {
  explicit SelectKeptPlace(soci::session& sql)
      : Statement(sql, "SELECT place FROM kept WHERE instance = ? AND name = ?") {}
};
struct UpsertKept : Statement {
  explicit UpsertKept(soci::session& sql)
      : Statement(sql,
                  "INSERT INTO kept (instance, name, place, size) VALUES (?, ?, ?, ?) ON CONFLICT (instance, "
                  "name) DO UPDATE SET place = excluded.place, size = excluded.size") {}
};
struct KeptSize : Statement {
  explicit KeptSize(soci::session& sql)
      : Statement(sql, "SELECT coalesce(sum(size), 0) FROM kept WHERE instance = ?") {}
};

Row row_of(const KeptRow& kept, RecordKind kind) {
  Row row;
  row.place = kept.place;
  row.kind = kind;
  row.epoch = static_cast<std::int64_t>(kept.epoch);
  row.at = micros(kept.at);
  row.note = kept.instance;
  return row;
}

}  // namespace

void put_kept_row(soci::session& sql, const KeptRow& kept) {
  auto row = row_of(kept, RecordKind::kState);
  row.shelf = 0;
  row.bytes = kept.bytes;
  auto& before = sql::prepared<SelectKeptPlace>(sql);
  const bool is_there = before.text(kept.instance).text(kept.name).step();
  const auto place = is_there ? before.integer(0) : 0;
  before.reset();
  insert_row(sql, row);
  if (is_there) delete_row(sql, place);
  auto& upsert = sql::prepared<UpsertKept>(sql);
  upsert.text(kept.instance).text(kept.name).bind(kept.place);
  upsert.bind(static_cast<std::int64_t>(kept.bytes.size())).run();
}

Place forget_kept_rows(soci::session& sql, Place place, const KeptRow& kept) {
  Statement rows(sql, "DELETE FROM records WHERE place IN (SELECT place FROM kept WHERE instance = ?)");
  rows.text(kept.instance).run();
  Statement names(sql, "DELETE FROM kept WHERE instance = ?");
  names.text(kept.instance).run();
  if (names.changed() == 0) return place;
  auto row = row_of(kept, RecordKind::kForgotten);
  row.place = place;
  row.bytes = "\x80";
  insert_row(sql, row);
  return place + 1;
}

void set_kept_aside(soci::session& sql, const std::string& instance, Place place) {
  Statement(sql, "DELETE FROM kept WHERE instance = ? AND place = ?").text(instance).bind(place).run();
  set_row_aside(sql, place);
}

Result<> check_kept_size(soci::session& sql, const std::string& instance) {
  auto& size = sql::prepared<KeptSize>(sql);
  const auto bytes = size.text(instance).step() ? size.integer(0) : 0;
  size.reset();
  if (bytes <= static_cast<std::int64_t>(kKeptBytes)) return {};
  return fail(ErrorCode::kTooLarge, fmt::format("{} would keep {} bytes over restarts, {} are the limit",
                                                instance, bytes, kKeptBytes));
}

std::vector<std::string> select_kept_instances(soci::session& sql) {
  std::vector<std::string> instances;
  Statement rows(sql, "SELECT DISTINCT instance FROM kept");
  while (rows.step()) instances.emplace_back(rows.bytes(0));
  return instances;
}

KeptFound select_kept(soci::session& sql, const std::string& instance) {
  KeptFound found;
  Statement rows(sql,
                 row_query("place IN (SELECT place FROM kept WHERE instance = ?) ORDER BY place").c_str());
  rows.text(instance);
  while (rows.step()) {
    const auto row = row_at(rows);
    const auto [name, bytes] = state_in(row.bytes);
    if (is_sound(row) && row.note == instance)
      found.states.insert_or_assign(std::string(name), std::string(bytes));
    else
      found.damaged.push_back(row.place);
  }
  return found;
}

}  // namespace fieldline::journal
