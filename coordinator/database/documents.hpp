// Rows of documents: what engineers wrote, as canonical JSON. Any thread; answers go to the executor
// named.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/executor.hpp"
#include "common/sql/database.hpp"
#include "coordinator/templates/document.hpp"

namespace fieldline::database {

// The first migration.
inline constexpr std::string_view kDocumentsSchema = R"sql(
CREATE TABLE documents (
  kind       TEXT NOT NULL,
  name       TEXT NOT NULL,
  body       TEXT NOT NULL,
  revision   TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  changed_by TEXT NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
)sql";

// Secrets stand beside their documents, each sealed for its place.
inline constexpr std::string_view kDocumentSecretsSchema = R"sql(
CREATE TABLE document_secrets (
  kind   TEXT NOT NULL,
  name   TEXT NOT NULL,
  field  TEXT NOT NULL,
  hash   TEXT NOT NULL,
  sealed TEXT NOT NULL,
  PRIMARY KEY (kind, name, field)
) STRICT, WITHOUT ROWID;
)sql";

// Rows that are written together or not at all.
struct DocumentChange {
  std::vector<templates::DocumentPointer> written;
  std::vector<templates::DocumentKey> removed;
  std::string author;
  Timestamp at{};
};

struct StoredSecret {
  std::string place;  // "SmtpSettings/mail/password": what it is sealed for
  std::string text;
};

class DocumentRecords {
 public:
  explicit DocumentRecords(sql::Database& database) : database_(database) {}

  // These two wait for the database: for starting up.
  Result<std::vector<StoredSecret>> secrets();
  // kCorrupt names the row that is no document.
  Result<std::vector<templates::DocumentPointer>> load();
  // `done` is told once the change is on the disk, in order of calls.
  void save(DocumentChange change, std::function<void(Result<>)> done, Executor& reply_to);

 private:
  sql::Database& database_;
};

}  // namespace fieldline::database
