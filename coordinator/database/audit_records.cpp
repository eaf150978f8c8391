#include "coordinator/database/audit_records.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "coordinator/database/submit.hpp"
#include "coordinator/database/time_column.hpp"

namespace fieldline::database {
namespace {

constexpr std::string_view kColumns =
    "sequence, recorded, who, kind, address, action, method, path, document, site, instance, deployment, "
    "result, details, mac";

// Read at one time: PostgreSQL's client library holds them all.
constexpr int kAuditRows = 1000;

// A row as a statement reads it.
struct AuditRow {
  AuditEntry entry;
  long long sequence = 0;
  long long recorded = 0;

  std::array<std::string*, 13> texts() {
    auto& e = entry;
    return {&e.who,  &e.kind,     &e.address,    &e.action, &e.method,  &e.path, &e.document,
            &e.site, &e.instance, &e.deployment, &e.result, &e.details, &e.mac};
  }
  void read_by(soci::statement& statement) {
    statement.exchange(soci::into(sequence));
    statement.exchange(soci::into(recorded));
    for (auto* text : texts()) statement.exchange(soci::into(*text));
  }
  const AuditEntry& taken() {
    entry.sequence = sequence;
    entry.time = from_column(recorded);
    return entry;
  }
};

void run_text(soci::statement& statement, const std::string& text) {
  statement.alloc();
  statement.prepare(text);
  statement.define_and_bind();
  statement.execute();
}

void insert(soci::session& sql, const std::vector<AuditEntry>& entries) {
  AuditEntry e;
  long long sequence = 0;
  long long recorded = 0;
  soci::statement statement =
      (sql.prepare << "INSERT INTO audit (sequence, recorded, who, kind, address, action, method, path, "
                      "document, site, instance, deployment, result, details, mac) VALUES (:sequence, "
                      ":recorded, :who, :kind, :address, :action, :method, :path, :document, :site, "
                      ":instance, :deployment, :result, :details, :mac)",
       soci::use(sequence), soci::use(recorded), soci::use(e.who), soci::use(e.kind), soci::use(e.address),
       soci::use(e.action), soci::use(e.method), soci::use(e.path), soci::use(e.document), soci::use(e.site),
       soci::use(e.instance), soci::use(e.deployment), soci::use(e.result), soci::use(e.details),
       soci::use(e.mac));
  for (const auto& next : entries) {
    e = next;
    sequence = next.sequence;
    recorded = to_column(next.time);
    statement.execute(true);
  }
}

void settle_intents(soci::session& sql, const std::vector<AuditEntry>& entries) {
  const auto settles = [](const AuditEntry& e) { return e.intent != 0; };
  if (std::ranges::none_of(entries, settles)) return;
  long long intent = 0;
  soci::statement settle = (sql.prepare << "DELETE FROM audit_intents WHERE id = :intent", soci::use(intent));
  for (const auto& entry : entries) {
    intent = entry.intent;
    if (settles(entry)) settle.execute(true);
  }
}

void insert_intent(soci::session& sql, const AuditEntry& e) {
  const long long id = e.intent;
  const long long asked = to_column(e.time);
  sql << "INSERT INTO audit_intents (id, asked, who, kind, address, action, method, path, site, instance) "
         "VALUES (:id, :asked, :who, :kind, :address, :action, :method, :path, :site, :instance)",
      soci::use(id), soci::use(asked), soci::use(e.who), soci::use(e.kind), soci::use(e.address),
      soci::use(e.action), soci::use(e.method), soci::use(e.path), soci::use(e.site), soci::use(e.instance);
}

std::vector<AuditEntry> select_intents(soci::session& sql) {
  std::vector<AuditEntry> intents;
  AuditEntry e;
  long long id = 0;
  long long asked = 0;
  soci::statement query =
      (sql.prepare << "SELECT id, asked, who, kind, address, action, method, path, site, instance FROM "
                      "audit_intents ORDER BY id",
       soci::into(id), soci::into(asked), soci::into(e.who), soci::into(e.kind), soci::into(e.address),
       soci::into(e.action), soci::into(e.method), soci::into(e.path), soci::into(e.site),
       soci::into(e.instance));
  query.execute();
  while (query.fetch()) {
    e.intent = id;
    e.time = from_column(asked);
    intents.push_back(e);
  }
  return intents;
}

std::optional<AuditEntry> find_last(soci::session& sql) {
  AuditRow row;
  soci::statement statement(sql);
  row.read_by(statement);
  run_text(statement, fmt::format("SELECT {} FROM audit ORDER BY sequence DESC LIMIT 1", kColumns));
  if (!statement.fetch()) return std::nullopt;
  return row.taken();
}

std::vector<std::string> names_of(soci::session& sql, const std::string& query, std::string_view action) {
  std::vector<std::string> names;
  std::string found;
  const std::string ended(action);
  soci::statement statement = (sql.prepare << query, soci::into(found), soci::use(ended));
  statement.execute();
  while (statement.fetch()) names.push_back(found);
  return names;
}

std::vector<AuditEntry> select_page(soci::session& sql, const AuditQuery& query) {
  constexpr auto kEver = std::numeric_limits<long long>::max();
  AuditRow row;
  long long from = query.from ? to_column(*query.from) : std::numeric_limits<long long>::min();
  long long to = query.to ? to_column(*query.to) : kEver;
  long long before_time = query.before ? to_column(query.before->time) : kEver;
  long long before_sequence = query.before ? query.before->sequence : 0;
  if (query.before && before_time < to) to = before_time + 1;
  soci::statement statement(sql);
  row.read_by(statement);
  statement.exchange(soci::use(from, "begin"));
  statement.exchange(soci::use(to, "finish"));
  const auto use_text = [&](const std::string& text, const char* name) {
    if (!text.empty()) statement.exchange(soci::use(text, name));
  };
  use_text(query.who, "who");
  use_text(query.action, "action");
  use_text(query.instance, "instance");
  use_text(query.site, "site");
  use_text(query.result, "result");
  if (query.before) {
    statement.exchange(soci::use(before_time, "before_time"));
    statement.exchange(soci::use(before_sequence, "before_sequence"));
  }
  run_text(statement, audit_page_statement(query));
  std::vector<AuditEntry> page;
  while (statement.fetch()) page.push_back(row.taken());
  return page;
}

}  // namespace

// The bound on the time alone repeats what the pair says, because an index can start from it: else each
// page would walk over all the pages before it.
std::string audit_page_statement(const AuditQuery& query) {
  std::string where = "recorded >= :begin AND recorded < :finish";
  if (!query.who.empty()) where += " AND who = :who";
  if (!query.action.empty()) where += " AND action = :action";
  if (!query.instance.empty()) where += " AND instance = :instance";
  if (!query.site.empty()) where += " AND site = :site";
  if (!query.result.empty()) where += " AND result = :result";
  if (query.before) where += " AND (recorded, sequence) < (:before_time, :before_sequence)";
  return fmt::format("SELECT {} FROM audit WHERE {} ORDER BY recorded DESC, sequence DESC LIMIT {}", kColumns,
                     where, query.limit);
}

Result<std::optional<AuditEntry>> AuditRecords::last_now() {
  return database_.read_now([](soci::session& sql) { return find_last(sql); });
}

Result<std::vector<std::string>> AuditRecords::unrecorded_ends() {
  return database_.read_now([](soci::session& sql) {
    return names_of(sql,
                    "SELECT d.instance FROM deployments d WHERE d.state IN ('success', 'failed') AND NOT "
                    "EXISTS (SELECT 1 FROM audit a WHERE a.deployment = d.id AND a.action = :ended) "
                    "ORDER BY d.instance",
                    kOperationEnded);
  });
}

// A retry is part of the same deployment, so an entry from before it began is not of its end.
Result<std::vector<std::string>> AuditRecords::unrecorded_artifact_ends() {
  return database_.read_now([](soci::session& sql) {
    return names_of(sql,
                    "SELECT d.site FROM artifact_deployments d WHERE d.state IN ('success', 'failed') AND "
                    "NOT EXISTS (SELECT 1 FROM audit a WHERE a.deployment = d.deployment AND a.action = "
                    ":ended AND a.site = d.site AND a.recorded >= d.started) ORDER BY d.site",
                    kArtifactsEnded);
  });
}

Result<std::vector<AuditEntry>> AuditRecords::intents() {
  return database_.read_now([](soci::session& sql) { return select_intents(sql); });
}

Result<> AuditRecords::append_now(std::vector<AuditEntry> entries) {
  return database_.write_now([entries = std::move(entries)](soci::session& sql) -> Result<> {
    insert(sql, entries);
    settle_intents(sql, entries);
    return {};
  });
}

void AuditRecords::intend(AuditEntry entry, std::function<void(Result<>)> done, Executor& reply_to) {
  submit(
      database_,
      [entry = std::move(entry)](soci::session& sql) -> Result<> {
        insert_intent(sql, entry);
        return {};
      },
      std::move(done), reply_to);
}

void AuditRecords::append(std::vector<AuditEntry> entries, std::function<void(Result<>)> done,
                          Executor& reply_to) {
  submit(
      database_,
      [entries = std::move(entries)](soci::session& sql) -> Result<> {
        insert(sql, entries);
        settle_intents(sql, entries);
        return {};
      },
      std::move(done), reply_to);
}

void AuditRecords::last(std::function<void(Result<std::optional<AuditEntry>>)> done, Executor& reply_to) {
  auto taken = database_.read([](soci::session& sql) { return find_last(sql); }, done, reply_to);
  if (!taken)
    reply_to.post([done = std::move(done), error = std::move(taken.error())] { done(fail(error)); });
}

void AuditRecords::page(AuditQuery query, std::function<void(Result<std::vector<AuditEntry>>)> done,
                        Executor& reply_to) {
  auto taken = database_.read(
      [query = std::move(query)](soci::session& sql) { return select_page(sql, query); }, done, reply_to);
  if (!taken)
    reply_to.post([done = std::move(done), error = std::move(taken.error())] { done(fail(error)); });
}

void AuditRecords::each(soci::session& sql, const std::function<bool(const AuditEntry&)>& visit) {
  AuditRow row;
  row.sequence = std::numeric_limits<long long>::min();
  for (bool more = true; more;) {
    const long long after = row.sequence;
    soci::statement statement(sql);
    row.read_by(statement);
    statement.exchange(soci::use(after, "after"));
    run_text(statement, fmt::format("SELECT {} FROM audit WHERE sequence > :after ORDER BY sequence LIMIT {}",
                                    kColumns, kAuditRows));
    more = false;
    while (statement.fetch()) {
      if (!visit(row.taken())) return;
      more = true;
    }
  }
}

}  // namespace fieldline::database
