// One connection to a database, opened so that a commit which returned is on the disk. Refuses files
// that others may read, damaged files, servers that do not sync, and databases it does not know. One
// thread at a time.
#pragma once

#include <soci/soci.h>

#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/sql/address.hpp"

namespace fieldline::sql {

class Connection;

enum class Access { kReadWrite, kReadOnly };
enum class Transaction {
  kWrite,
  kSnapshot,  // sees the database as it is at its first statement, whatever is committed meanwhile
};
enum class Standing {
  kIdle,           // no transaction
  kInTransaction,  // a transaction that can be committed
  kBroken,         // a transaction that can only be rolled back, since a statement of it has failed
  kLost,           // the server is gone; nothing works on this session any more
};

class Session {
 public:
  // `connection` is an Address; "sqlite::memory:" is a database that ends with its session. A file is
  // made, with mode 0600, when it is not there and access is kReadWrite.
  static Result<Session> open(std::string_view connection, Access access = Access::kReadWrite);
  ~Session();
  Session(Session&& other) noexcept;
  Session& operator=(Session&& other) noexcept;

  [[nodiscard]] soci::session& soci();
  [[nodiscard]] const std::string& name() const { return address_.name; }
  [[nodiscard]] Dialect dialect() const { return address_.dialect; }

  // One or more statements without parameters or rows.
  Result<> run(const std::string& statements);
  Result<> begin(Transaction kind);
  // kUnavailable: whether it was committed is not known.
  Result<> commit();
  // Ends the transaction if there is one.
  void roll_back();
  // Not what was begun: SQLite rolls a transaction back by itself on a full disk.
  [[nodiscard]] Standing standing();
  [[nodiscard]] bool in_transaction();

 private:
  Session(Address address, std::unique_ptr<Connection> connection);

  Address address_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace fieldline::sql
