// One connection to a database that an artifact names. Runs one statement of a script in one transaction,
// with its parameters bound, never spliced. A write is marked by its message's id in the table
// fieldline_deliveries, where it may be, and so happens once. One thread, but for `interrupt`.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "agent/targets/courier.hpp"
#include "agent/targets/limits.hpp"
#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/model/artifact.hpp"

namespace fieldline::targets {

enum class DatabaseUse { kRead, kWrite };

// How long a statement may take. Tests are less patient.
struct StatementTimes {
  Duration limit = kStatementTimeout;  // the server cancels it
  Duration silence = kSilence;         // after that the server is lost
};

class DatabaseSession {
 public:
  // kUnavailable, kInvalid. No file within `own_folder`, the daemon's own, is opened.
  static Result<std::unique_ptr<DatabaseSession>> open(const DatabaseConnection& connection, DatabaseUse use,
                                                       const std::filesystem::path& own_folder,
                                                       const StatementTimes& times);
  virtual ~DatabaseSession() = default;

  virtual Outcome write(const DatabaseWrite& write, const std::string& message_id, Timestamp now) = 0;
  // The rows as objects by column, in a transaction that can't write. kTooLarge: more than kRows or
  // kRowBytes.
  virtual Result<Json> query(const DatabaseQuery& query) = 0;
  // Nothing works on it any more.
  virtual bool lost() = 0;
  // What runs ends soon, without success. Any thread.
  virtual void interrupt() = 0;
};

Result<std::unique_ptr<DatabaseSession>> open_postgresql(const DatabaseConnection& connection,
                                                         DatabaseUse use, const StatementTimes& times);
Result<std::unique_ptr<DatabaseSession>> open_sqlite(const DatabaseConnection& connection, DatabaseUse use,
                                                     const std::filesystem::path& own_folder);

// A parameter as text, as databases read it; of a value that is none, nothing.
std::string parameter_text(const Value& value);
std::string rows_text(std::uint64_t rows);
Failure too_many_rows();
Failure too_many_bytes();

}  // namespace fieldline::targets
