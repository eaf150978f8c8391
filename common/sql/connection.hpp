// What the two kinds of database do each in its own way, for Session. One thread at a time.
#pragma once

#include <memory>
#include <string>

#include "common/base/result.hpp"
#include "common/sql/prepared.hpp"
#include "common/sql/session.hpp"

namespace fieldline::sql {

class Connection {
 public:
  explicit Connection(std::unique_ptr<KeepingSession> session) : soci_(std::move(session)) {}
  virtual ~Connection() = default;
  [[nodiscard]] soci::session& soci() { return *soci_; }

  // Session::run and the like say what these do.
  virtual Result<> run(const std::string& statements) = 0;
  virtual Result<> begin(Transaction kind) = 0;
  virtual Result<> commit() = 0;
  // There is a transaction.
  virtual Result<> roll_back() = 0;
  virtual Standing standing() = 0;

 private:
  std::unique_ptr<KeepingSession> soci_;
};

Result<std::unique_ptr<Connection>> connect_sqlite(const Address& address, Access access);
Result<std::unique_ptr<Connection>> connect_postgresql(const Address& address, Access access);

}  // namespace fieldline::sql
