#include <fmt/format.h>
#include <libpq-fe.h>
#include <soci/postgresql/soci-postgresql.h>

#include "common/sql/connection.hpp"
#include "common/sql/guard.hpp"
#include "common/sql/limits.hpp"

namespace fieldline::sql {
namespace {

// Ends a session by its id and waits until it has (pg_terminate_backend with a time-out).
constexpr int kOldestServer = 140'000;

class PostgresqlConnection final : public Connection {
 public:
  PostgresqlConnection(std::unique_ptr<KeepingSession> session, std::string name)
      : Connection(std::move(session)), name_(std::move(name)) {
    // Else the details of an error show the values of its row, which may be secrets or long.
    PQsetErrorVerbosity(handle(), PQERRORS_TERSE);
    // libpq would write them to stderr.
    PQsetNoticeProcessor(
        handle(), [](void*, const char*) {}, nullptr);
  }

  Result<> prepare(Access access) {
    if (PQserverVersion(handle()) < kOldestServer) {
      return fail(ErrorCode::kInvalid, "PostgreSQL 14 or newer is needed", name_);
    }
    if (auto fit = check_server(); !fit) return fit;
    return run(fmt::format(
        "SET client_min_messages = warning; SET standard_conforming_strings = on;"
        "SET lock_timeout = {}; SET statement_timeout = {}; SET idle_in_transaction_session_timeout = {};"
        "SET tcp_keepalives_idle = {}; SET tcp_keepalives_interval = {}; SET tcp_keepalives_count = {};"
        "SET tcp_user_timeout = {}; SET default_transaction_read_only = {};"
        // remote_apply asks for more than this.
        "SELECT set_config('synchronous_commit', 'on', false) "
        "WHERE current_setting('synchronous_commit') <> 'remote_apply'",
        kBusyTimeout.count(), kStatementTimeout.count(), kIdleTimeout.count(), kKeepaliveIdle.count(),
        kKeepaliveInterval.count(), kKeepalives, kServerSilence.count(),
        access == Access::kReadOnly ? "on" : "off"));
  }

  Result<> run(const std::string& statements) override {
    const Answer answer = ask(statements);
    return judged(answer.get());
  }

  Result<> begin(Transaction kind) override {
    return run(kind == Transaction::kWrite ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  }

  Result<> roll_back() override { return run("ROLLBACK"); }

  Result<> commit() override {
    const Answer answer = ask("COMMIT");
    auto committed = judged(answer.get());
    if (committed) {
      // It also succeeds by rolling a broken transaction back.
      if (std::string_view(PQcmdStatus(answer.get())) == "COMMIT") return {};
      return fail(ErrorCode::kInternal, "a transaction that was broken was to be committed", name_);
    }
    if (standing() != Standing::kLost && committed.error().code != ErrorCode::kUnavailable) return committed;
    return fail(ErrorCode::kUnavailable,
                fmt::format("the database was lost in mid-commit: whether this was written is not known: {}",
                            committed.error().message),
                name_);
  }

  Standing standing() override {
    if (ended_ || PQstatus(handle()) != CONNECTION_OK) return Standing::kLost;
    switch (PQtransactionStatus(handle())) {
      case PQTRANS_IDLE:
        return Standing::kIdle;
      case PQTRANS_INERROR:
        return Standing::kBroken;
      case PQTRANS_INTRANS:
      case PQTRANS_ACTIVE:
        return Standing::kInTransaction;
      case PQTRANS_UNKNOWN:
        break;
    }
    return Standing::kLost;
  }

 private:
  using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

  Answer ask(const std::string& statements) { return {PQexec(handle(), statements.c_str()), &PQclear}; }

  Result<> judged(const PGresult* answer) {
    switch (PQresultStatus(answer)) {
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK:
      case PGRES_EMPTY_QUERY:
        return {};
      default:
        break;
    }
    const char* field = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
    const std::string_view state = field == nullptr ? "08000" : field;
    // What libpq says itself, or the server's farewell; either comes before PQstatus tells.
    ended_ = ended_ || field == nullptr || state.starts_with("57P");
    return fail(describe_sqlstate(state, PQerrorMessage(handle()), name_));
  }

  Result<> check_server() {
    return guard(name_, [this]() -> Result<> {
      std::string encoding;
      std::string sync;
      soci() << "SELECT current_setting('server_encoding'), current_setting('fsync')", soci::into(encoding),
          soci::into(sync);
      if (encoding != "UTF8") {
        return fail(ErrorCode::kInvalid,
                    fmt::format("the database's encoding is {}: create it with ENCODING 'UTF8'", encoding),
                    name_);
      }
      if (sync == "on") return {};
      return fail(ErrorCode::kInvalid, "the server runs with fsync = off and would lose what it acknowledged",
                  name_);
    });
  }

  PGconn* handle() { return static_cast<soci::postgresql_session_backend*>(soci().get_backend())->conn_; }

  const std::string name_;
  bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<Connection>> connect_postgresql(const Address& address, Access access) {
  auto opened =
      guard(address.name, [&] { return std::make_unique<KeepingSession>(soci::postgresql, address.target); });
  if (!opened) {
    // Whatever the reason is, it may pass, and SOCI does not tell.
    opened.error().code = ErrorCode::kUnavailable;
    return fail(std::move(opened.error()));
  }
  auto connection = std::make_unique<PostgresqlConnection>(std::move(*opened), address.name);
  if (auto prepared = connection->prepare(access); !prepared) return fail(prepared.error());
  return connection;
}

}  // namespace fieldline::sql
