#include "agent/store/artifact_store.hpp"

#include <fmt/format.h>
#include <soci/soci.h>

#include <utility>

#include "common/sql/bytes.hpp"
#include "common/wire/artifacts.hpp"
#include "common/wire/limits.hpp"

namespace fieldline::store {
namespace {

struct ArtifactRow {
  ArtifactItem item;
  std::string bytes;  // as on disk
};
using ArtifactRows = std::vector<ArtifactRow>;

Result<ArtifactRows> select_artifacts(soci::session& sql) {
  ArtifactRow row;
  soci::blob blob(sql);
  soci::statement statement = (sql.prepare << "SELECT key, revision, bytes FROM artifacts ORDER BY key",
                               soci::into(row.item.key), soci::into(row.item.revision), soci::into(blob));
  statement.execute();
  ArtifactRows rows;
  while (statement.fetch()) {
    row.bytes = sql::take_bytes(blob);
    rows.push_back(row);
  }
  return rows;
}

Result<> upsert_artifact(soci::session& sql, const ArtifactRow& row) {
  soci::blob blob(sql);
  sql::put_bytes(blob, row.bytes);
  sql << "INSERT INTO artifacts (key, revision, bytes) VALUES (:key, :revision, :bytes) "
         "ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, bytes = excluded.bytes",
      soci::use(row.item.key), soci::use(row.item.revision), soci::use(blob);
  return {};
}

// The whole step: what is in neither list stays.
Result<> change_artifacts(soci::session& sql, const std::vector<std::string>& gone,
                          const ArtifactRows& fresh) {
  for (const auto& key : gone) sql << "DELETE FROM artifacts WHERE key = :key", soci::use(key);
  for (const auto& row : fresh) {
    if (auto written = upsert_artifact(sql, row); !written) return written;
  }
  return {};
}

bool is_sealed(const std::string& key) {
  const auto name = parse_artifact_key(key);
  return name && holds_secrets(name->kind);
}

Result<HeldArtifact> open_row(const ArtifactRow& row, const SecretBox& secrets) {
  auto plain =
      is_sealed(row.item.key) ? secrets.open(row.bytes, row.item.key) : Result<std::string>(row.bytes);
  if (!plain) return fail(std::move(plain.error()));
  auto artifact = wire::open_artifact(row.item, *plain);
  if (!artifact) return fail(std::move(artifact.error()));
  return HeldArtifact{row.item.revision, std::make_shared<const std::string>(std::move(*plain)),
                      std::make_shared<const Artifact>(std::move(*artifact))};
}

Result<> check_room(const HeldArtifacts& held) {
  std::size_t bytes = 0;
  for (const auto& [key, artifact] : held) bytes += artifact.bytes->size();
  if (held.size() <= wire::kMaxArtifacts && bytes <= wire::kMaxArtifactBytes) return {};
  return fail(ErrorCode::kExhausted,
              fmt::format("{} artifacts of {} bytes; a node holds {} of {} bytes altogether", held.size(),
                          bytes, wire::kMaxArtifacts, wire::kMaxArtifactBytes));
}

}  // namespace

ArtifactInventory inventory_of(const HeldArtifacts& held) {
  ArtifactInventory inventory;
  inventory.reserve(held.size());
  for (const auto& [key, artifact] : held) inventory.push_back({key, artifact.revision});
  return inventory;
}

std::map<std::string, std::shared_ptr<const std::string>> shared_sources(const HeldArtifacts& held) {
  std::map<std::string, std::shared_ptr<const std::string>> sources;
  for (const auto& [key, item] : held) {
    const auto* script = std::get_if<SharedScript>(item.artifact.get());
    const auto name = parse_artifact_key(key);
    // The same pointer for as long as the revision stays: it tells who is to be compiled anew.
    if (script != nullptr && name)
      sources.emplace(name->name, std::shared_ptr<const std::string>(item.artifact, &script->source));
  }
  return sources;
}

Result<std::unique_ptr<ArtifactStore>> ArtifactStore::open(sql::Database& database,
                                                           ConfigurationStore& configurations,
                                                           const SecretBox& secrets) {
  auto rows = database.read_now(select_artifacts);
  if (!rows) return fail(std::move(rows.error()));
  std::unique_ptr<ArtifactStore> store(new ArtifactStore(configurations, secrets));
  for (const auto& row : *rows) {
    auto held = open_row(row, secrets);
    if (held) {
      store->held_.emplace(row.item.key, std::move(*held));
    } else {
      store->unreadable_.push_back(row.item.key);
    }
  }
  return store;
}

void ArtifactStore::replace(const Order& order, const Report& report, HeldArtifacts next, Done done) {
  if (auto room = check_room(next); !room) return done(std::move(room));
  std::vector<std::string> gone = unreadable_;
  for (const auto& [key, artifact] : held_) {
    if (!next.contains(key)) gone.push_back(key);
  }
  ArtifactRows fresh;
  for (const auto& [key, artifact] : next) {
    const auto known = held_.find(key);
    if (known != held_.end() && known->second.revision == artifact.revision) continue;
    fresh.push_back(
        {{key, artifact.revision}, is_sealed(key) ? secrets_.seal(*artifact.bytes, key) : *artifact.bytes});
  }
  configurations_.finish(
      order, report,
      [gone = std::move(gone), fresh = std::move(fresh)](soci::session& sql) {
        return change_artifacts(sql, gone, fresh);
      },
      [this, self = std::weak_ptr(self_), next = std::move(next)] {
        if (self.expired()) return;
        held_ = next;
        unreadable_.clear();
      },
      std::move(done));
}

}  // namespace fieldline::store
