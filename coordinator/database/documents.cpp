#include "coordinator/database/documents.hpp"

#include <fmt/format.h>

#include "common/base/hash.hpp"
#include "common/model/json.hpp"
#include "coordinator/database/submit.hpp"
#include "coordinator/database/time_column.hpp"

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

Result<templates::DocumentPointer> document_of(const Row& row) {
  if (blake2b_hex(row.body) != row.revision) return corrupt(row, "its body does not have its revision");
  auto document = templates::document_from_json(Json::parse(row.body, nullptr, false));
  if (!document) return corrupt(row, document.error().message);
  return document;
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
}

void erase(soci::session& sql, const templates::DocumentKey& key) {
  const std::string kind(name(key.kind));
  sql << "DELETE FROM documents WHERE kind = :kind AND name = :name", soci::use(kind), soci::use(key.name);
}

}  // namespace

Result<std::vector<templates::DocumentPointer>> DocumentRecords::load() {
  return database_.read_now([](soci::session& sql) -> Result<std::vector<templates::DocumentPointer>> {
    std::vector<templates::DocumentPointer> documents;
    Row row;
    soci::statement query =
        (sql.prepare << "SELECT kind, name, body, revision FROM documents ORDER BY kind, name",
         soci::into(row.kind), soci::into(row.name), soci::into(row.body), soci::into(row.revision));
    query.execute();
    while (query.fetch()) {
      auto document = document_of(row);
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
