#include "agent/store/kept_states.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/store/limits.hpp"
#include "common/base/check.hpp"
#include "common/sql/bytes.hpp"

namespace fieldline::store {
namespace {

KeptStates::States select_states(soci::session& sql, const std::string& instance) {
  std::string name;
  soci::blob blob(sql);
  soci::statement rows = (sql.prepare << "SELECT name, bytes FROM kept WHERE instance = :instance",
                          soci::use(instance), soci::into(name), soci::into(blob));
  rows.execute();
  KeptStates::States states;
  while (rows.fetch()) states.emplace(name, sql::take_bytes(blob));
  return states;
}

Result<> check_size(soci::session& sql, const std::string& instance) {
  std::int64_t bytes = 0;
  sql << "SELECT coalesce(sum(length(name) + length(bytes)), 0) FROM kept WHERE instance = :instance",
      soci::into(bytes), soci::use(instance);
  if (bytes <= static_cast<std::int64_t>(kKeptBytes)) return {};
  return fail(ErrorCode::kTooLarge, fmt::format("{} would keep {} bytes over restarts, {} are the limit",
                                                instance, bytes, kKeptBytes));
}

Result<> upsert_states(soci::session& sql, const std::string& instance, const KeptStates::States& states) {
  for (const auto& [name, bytes] : states) {
    soci::blob blob(sql);
    sql::put_bytes(blob, bytes);
    sql << "INSERT INTO kept (instance, name, bytes) VALUES (:instance, :name, :bytes) "
           "ON CONFLICT (instance, name) DO UPDATE SET bytes = excluded.bytes",
        soci::use(instance), soci::use(name), soci::use(blob);
  }
  return check_size(sql, instance);
}

}  // namespace

void KeptStates::load(const std::string& instance, Loaded reply) {
  FIELDLINE_DCHECK(loop_.here());
  auto queued =
      database_.read([instance](soci::session& sql) { return select_states(sql, instance); }, reply, loop_);
  if (!queued) loop_.post([reply, error = queued.error()] { reply(fail(error)); });
}

void KeptStates::save(const std::string& instance, States changed, Done done) {
  const auto empty = [](const auto& state) { return state.second.empty(); };
  if (std::any_of(changed.begin(), changed.end(), empty)) {
    loop_.post([done] { done(fail(ErrorCode::kInvalid, "a kept state may not be empty")); });
    return;
  }
  submit([instance,
          changed = std::move(changed)](soci::session& sql) { return upsert_states(sql, instance, changed); },
         std::move(done));
}

void KeptStates::forget(const std::string& instance, Done done) {
  submit(
      [instance](soci::session& sql) -> Result<> {
        sql << "DELETE FROM kept WHERE instance = :instance", soci::use(instance);
        return {};
      },
      std::move(done));
}

void KeptStates::submit(sql::Database::Write write, Done done) {
  FIELDLINE_DCHECK(loop_.here());
  if (auto queued = database_.submit(std::move(write), done, loop_); !queued) {
    loop_.post([done, queued] { done(queued); });
  }
}

}  // namespace fieldline::store
