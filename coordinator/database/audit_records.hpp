// Rows of the audit log: added and read, never changed. Any thread; answers go to the executor named.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/sql/database.hpp"
#include "coordinator/database/audit_entry.hpp"

namespace fieldline::database {

// The action of the entry that tells how an operation on an instance ended.
inline constexpr std::string_view kOperationEnded = "operationEnded";

class AuditRecords {
 public:
  explicit AuditRecords(sql::Database& database) : database_(database) {}

  // These two wait for the database: for starting up.
  Result<std::optional<AuditEntry>> last_now();
  // Instances whose latest operation is over, without an entry that says so.
  Result<std::vector<std::string>> unrecorded_ends();

  // All or none. kConflict: there is an entry of such a sequence.
  void append(std::vector<AuditEntry> entries, std::function<void(Result<>)> done, Executor& reply_to);
  void last(std::function<void(Result<std::optional<AuditEntry>>)> done, Executor& reply_to);
  // Newest first.
  void page(AuditQuery query, std::function<void(Result<std::vector<AuditEntry>>)> done, Executor& reply_to);

  // Visits every row in order of sequence, until `visit` says false.
  static void each(soci::session& sql, const std::function<bool(const AuditEntry&)>& visit);

 private:
  sql::Database& database_;
};

// The statement behind AuditRecords::page; what it binds is named after the fields of the query.
std::string audit_page_statement(const AuditQuery& query);

}  // namespace fieldline::database
