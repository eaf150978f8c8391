// One connection to a database, opened so that a commit which returned is on the disk. Refuses files
// that others may read, damaged files and databases it does not know. One thread at a time.
#pragma once

#include <soci/soci.h>

#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace fieldline::sql {

enum class Access { kReadWrite, kReadOnly };

class Session {
 public:
  // `connection` is "sqlite:PATH"; "sqlite::memory:" is a database that ends with its session. A
  // file is made, with mode 0600, when it is not there and access is kReadWrite.
  static Result<Session> open(std::string_view connection, Access access = Access::kReadWrite);

  [[nodiscard]] soci::session& soci() { return *soci_; }
  // What it is called in errors: the connection string.
  [[nodiscard]] const std::string& name() const { return name_; }

  // One or more statements without parameters or rows.
  Result<> run(const std::string& statements);
  // False when SQLite has rolled the transaction back by itself, as it does on a full disk.
  [[nodiscard]] bool in_transaction();

 private:
  Session(std::string name, std::unique_ptr<soci::session> soci)
      : name_(std::move(name)), soci_(std::move(soci)) {}

  Result<> prepare(Access access, bool in_memory);

  std::string name_;
  std::unique_ptr<soci::session> soci_;
};

}  // namespace fieldline::sql
