#include "common/sql/session.hpp"

#include <utility>

#include "common/sql/connection.hpp"

namespace fieldline::sql {

Result<Session> Session::open(std::string_view connection, Access access) {
  auto address = Address::parse(connection);
  if (!address) return fail(std::move(address.error()));
  auto connected = address->dialect == Dialect::kSqlite ? connect_sqlite(*address, access)
                                                        : connect_postgresql(*address, access);
  if (!connected) return fail(std::move(connected.error()));
  return Session(std::move(*address), std::move(*connected));
}

Session::Session(Address address, std::unique_ptr<Connection> connection)
    : address_(std::move(address)), connection_(std::move(connection)) {}
Session::~Session() = default;
Session::Session(Session&& other) noexcept = default;
Session& Session::operator=(Session&& other) noexcept = default;

soci::session& Session::soci() {
  return connection_->soci();
}

Result<> Session::run(const std::string& statements) {
  return connection_->run(statements);
}

Result<> Session::begin(Transaction kind) {
  return connection_->begin(kind);
}

Result<> Session::commit() {
  return connection_->commit();
}

void Session::roll_back() {
  if (in_transaction()) static_cast<void>(connection_->roll_back());
}

Standing Session::standing() {
  return connection_->standing();
}

bool Session::in_transaction() {
  const auto now = standing();
  return now == Standing::kInTransaction || now == Standing::kBroken;
}

}  // namespace fieldline::sql
