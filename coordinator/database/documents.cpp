#include "coordinator/database/documents.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "common/model/json.hpp"
#include "coordinator/database/submit.hpp"
#include "coordinator/database/time_column.hpp"
#include "coordinator/templates/sealing.hpp"

namespace fieldline::database {
namespace {

struct Row {
  std::string kind;
  std::string name;
  std::string body;
  std::string revision;
};

Failure corrupt(const Row& row, const std::string& why) {
  return fail(ErrorCode::kCorrupt, fmt::format("the stored {} {} can't be read: {}", row.kind, row.name, why),
              "documents");
}

using SecretsByDocument = std::map<std::pair<std::string, std::string>, templates::SealedSecrets>;

SecretsByDocument read_secrets(soci::session& sql) {
  SecretsByDocument secrets;
  std::string kind;
  std::string name;
  templates::SealedSecret secret;
  soci::statement query =
      (sql.prepare
           << "SELECT kind, name, field, hash, sealed FROM document_secrets ORDER BY kind, name, field",
       soci::into(kind), soci::into(name), soci::into(secret.field), soci::into(secret.hash),
       soci::into(secret.text));
  query.execute();
  while (query.fetch()) secrets[{kind, name}].push_back(secret);
  return secrets;
}

Result<templates::DocumentPointer> document_of(const Row& row, const SecretsByDocument& all) {
  const auto found = all.find({row.kind, row.name});
  const auto secrets = found == all.end() ? templates::SealedSecrets() : found->second;
  if (templates::document_revision(row.body, secrets) != row.revision)
    return corrupt(row, "it does not have its revision");
  auto document = templates::document_from_json(Json::parse(row.body, nullptr, false));
  if (document) document = templates::with_secrets(*document, secrets);
  if (!document) return corrupt(row, document.error().message);
  return document;
}

void erase_secrets(soci::session& sql, const templates::DocumentKey& key) {
  const std::string kind(name(key.kind));
  sql << "DELETE FROM document_secrets WHERE kind = :kind AND name = :name", soci::use(kind),
      soci::use(key.name);
}

void write_secrets(soci::session& sql, const templates::Document& document) {
  const std::string kind(name(document.key.kind));
  for (const auto& secret : templates::sealed_secrets(document)) {
    sql << "INSERT INTO document_secrets (kind, name, field, hash, sealed) "
           "VALUES (:kind, :name, :field, :hash, :sealed)",
        soci::use(kind), soci::use(document.key.name), soci::use(secret.field), soci::use(secret.hash),
        soci::use(secret.text);
  }
}

void write(soci::session& sql, const templates::Document& document, const DocumentChange& change) {
  const std::string kind(name(document.key.kind));
  const auto body = templates::to_json(document).dump();
  const long long at = to_column(change.at);
  sql << "INSERT INTO documents (kind, name, body, revision, changed_at, changed_by) "
         "VALUES (:kind, :name, :body, :revision, :at, :author) "
         "ON CONFLICT (kind, name) DO UPDATE SET body = excluded.body, revision = excluded.revision, "
         "changed_at = excluded.changed_at, changed_by = excluded.changed_by",
      soci::use(kind), soci::use(document.key.name), soci::use(body), soci::use(document.revision),
      soci::use(at), soci::use(change.author);
  if (!templates::is_artifact(document.key.kind)) return;
  erase_secrets(sql, document.key);
  write_secrets(sql, document);
}

void erase(soci::session& sql, const templates::DocumentKey& key) {
  const std::string kind(name(key.kind));
  sql << "DELETE FROM documents WHERE kind = :kind AND name = :name", soci::use(kind), soci::use(key.name);
  erase_secrets(sql, key);
}

}  // namespace

Result<std::vector<StoredSecret>> DocumentRecords::secrets() {
  return database_.read_now([](soci::session& sql) {
    std::vector<StoredSecret> all;
    for (const auto& [document, secrets] : read_secrets(sql)) {
      for (const auto& secret : secrets)
        all.push_back({templates::secret_place(document.first, document.second, secret.field), secret.text});
    }
    return all;
  });
}

Result<std::vector<templates::DocumentPointer>> DocumentRecords::load() {
  return database_.read_now([](soci::session& sql) -> Result<std::vector<templates::DocumentPointer>> {
    std::vector<templates::DocumentPointer> documents;
    const auto secrets = read_secrets(sql);
    Row row;
    soci::statement query =
        (sql.prepare << "SELECT kind, name, body, revision FROM documents ORDER BY kind, name",
         soci::into(row.kind), soci::into(row.name), soci::into(row.body), soci::into(row.revision));
    query.execute();
    while (query.fetch()) {
      auto document = document_of(row, secrets);
      if (!document) return fail(std::move(document.error()));
      documents.push_back(std::move(*document));
    }
    return documents;
  });
}

void DocumentRecords::save(DocumentChange change, std::function<void(Result<>)> done, Executor& reply_to) {
  submit(
      database_,
      [change = std::move(change)](soci::session& sql) -> Result<> {
        for (const auto& document : change.written) write(sql, *document, change);
        for (const auto& key : change.removed) erase(sql, key);
        return {};
      },
      std::move(done), reply_to);
}

}  // namespace fieldline::database
