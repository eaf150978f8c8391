// Rows of the audit log: added and read, never changed; and of what is about to be done, which go when
// that is recorded. Any thread; answers go to the executor named.
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
// Of the one that tells how a delivery of artifacts to a site ended.
inline constexpr std::string_view kArtifactsEnded = "artifactsEnded";

class AuditRecords {
 public:
  explicit AuditRecords(sql::Database& database) : database_(database) {}

  // These wait for the database: for starting up.
  Result<std::optional<AuditEntry>> last_now();
  // Instances whose latest operation is over, without an entry that says so.
  Result<std::vector<std::string>> unrecorded_ends();
  // What was about to be done, and nobody recorded; `time` is when it was asked for.
  Result<std::vector<AuditEntry>> intents();
  Result<> append_now(std::vector<AuditEntry> entries);
  // Sites whose latest delivery of artifacts is over, without an entry that says so.
  Result<std::vector<std::string>> unrecorded_artifact_ends();

  // Puts down that this is about to be done, as `entry.intent`.
  void intend(AuditEntry entry, std::function<void(Result<>)> done, Executor& reply_to);
  // All or none, and what they settle goes. kConflict: there is an entry of such a sequence.
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
