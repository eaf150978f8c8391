#include "common/sql/migration.hpp"

#include <fmt/format.h>

#include "common/base/check.hpp"
#include "common/sql/dialect.hpp"
#include "common/sql/guard.hpp"

namespace fieldline::sql {
namespace {

constexpr std::string_view kMigrationsTable =
    "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT";

// How many of `migrations` the database has.
Result<std::size_t> count_applied(Session& session, std::span<const Migration> migrations) {
  return guard(session.name(), [&]() -> Result<std::size_t> {
    int version = 0;
    std::string name;
    soci::statement applied =
        (session.soci().prepare << "SELECT version, name FROM schema_migrations ORDER BY version",
         soci::into(version), soci::into(name));
    applied.execute();
    std::size_t count = 0;
    for (; applied.fetch(); ++count) {
      if (count >= migrations.size()) {
        return fail(ErrorCode::kInvalid,
                    fmt::format("a newer program has changed this database: it has migration {} ({}), this "
                                "program ends at {}; install the newer program, or restore the backup",
                                version, name, migrations.size()),
                    session.name());
      }
      const auto& known = migrations[count];
      if (version == known.version && name == known.name) continue;
      return fail(
          ErrorCode::kInvalid,
          fmt::format("the database belongs to something else: its migration {} is '{}', here {} is '{}'",
                      version, name, known.version, known.name),
          session.name());
    }
    return count;
  });
}

Result<> apply_and_commit(Session& session, const Migration& migration) {
  if (session.dialect() == Dialect::kPostgresql) {
    if (auto unhurried = session.run("SET LOCAL statement_timeout = 0"); !unhurried) return unhurried;
  }
  if (auto applied = session.run(in_words_of(session.dialect(), migration.sql)); !applied) return applied;
  const std::string name(migration.name);
  auto recorded = guard(session.name(), [&] {
    session.soci() << "INSERT INTO schema_migrations (version, name) VALUES (:version, :name)",
        soci::use(migration.version), soci::use(name);
  });
  if (!recorded) return recorded;
  return session.commit();
}

Result<> apply(Session& session, const Migration& migration) {
  if (auto begun = session.begin(Transaction::kWrite); !begun) return begun;
  auto applied = apply_and_commit(session, migration);
  if (applied) return applied;
  session.roll_back();
  auto error = applied.error();
  error.message =
      fmt::format("migration {} ({}) failed: {}", migration.version, migration.name, error.message);
  return fail(std::move(error));
}

}  // namespace

Result<> migrate(Session& session, std::span<const Migration> migrations) {
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    FIELDLINE_CHECK(migrations[i].version == static_cast<int>(i) + 1);
  }
  if (auto made = session.run(in_words_of(session.dialect(), kMigrationsTable)); !made) return made;
  const auto applied = count_applied(session, migrations);
  if (!applied) return fail(applied.error());
  for (const auto& migration : migrations.subspan(*applied)) {
    if (auto done = apply(session, migration); !done) return done;
  }
  return {};
}

}  // namespace fieldline::sql
