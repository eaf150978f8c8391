#include <fmt/format.h>
#include <libpq-fe.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <list>
#include <utility>

#include "agent/targets/database_session.hpp"
#include "agent/targets/limits.hpp"
#include "agent/targets/text.hpp"
#include "common/sql/guard.hpp"

namespace fieldline::targets {
namespace {

// SQLSTATEs, or classes of them, that may pass: connection, resources, conflicts between transactions, the
// server's own trouble, a server that only reads for now (PostgreSQL, Appendix A).
constexpr auto kPassing =
    std::to_array<std::string_view>({"08", "25006", "25P03", "40", "53", "55", "57", "58", "XX"});

long long count_of(Duration duration) {
  return std::chrono::ceil<std::chrono::milliseconds>(duration).count();
}

// A socket stays within the machine; of several hosts, which libpq takes, one may not.
bool is_local(std::string_view host) {
  return host.empty() || is_loopback(host) ||
         (host.starts_with('/') && host.find(',') == std::string_view::npos);
}

// SOCI splits what it is given at blanks, and a URI has none. The last option is one that a blank behind it
// does not spoil.
std::string uri_of(const DatabaseConnection& connection) {
  std::string uri =
      fmt::format("postgresql:///{}?port={}", percent_encoded(connection.database), connection.port);
  const auto option = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) uri += fmt::format("&{}={}", name, percent_encoded(value));
  };
  option("host", connection.host);
  option("user", connection.user);
  option("password", connection.password);
  option("sslmode", is_local(connection.host) ? "prefer" : "require");
  option("connect_timeout", fmt::format("{}", std::chrono::seconds(10).count()));
  option("tcp_user_timeout", fmt::format("{}", count_of(kSilence)));
  option("client_encoding", "UTF8");
  option("application_name", "fieldline");
  return uri;
}

// What a statement is bound to; outlives it.
struct Bound {
  explicit Bound(const Value& value)
      : text(parameter_text(value)),
        indicator(std::holds_alternative<std::monostate>(value) ? soci::i_null : soci::i_ok) {}
  std::string text;
  soci::indicator indicator;
};

class PostgresqlSession final : public DatabaseSession {
 public:
  PostgresqlSession(const std::string& uri, DatabaseUse use, const StatementTimes& times)
      : sql_(soci::postgresql, uri), use_(use), times_(times) {
    PQsetErrorVerbosity(handle(), PQERRORS_TERSE);  // its details repeat the values of a row
    PQsetNoticeProcessor(
        handle(), [](void*, const char*) {}, nullptr);
    // Its own descriptor, which stays this socket's whatever libpq closes.
    socket_ = ::dup(PQsocket(handle()));
    sql_ << "SET standard_conforming_strings = on";
    if (use == DatabaseUse::kRead) sql_ << "SET default_transaction_read_only = on";
  }
  ~PostgresqlSession() override {
    if (socket_ >= 0) ::close(socket_);
  }

  Outcome write(const DatabaseWrite& write, const std::string& message_id, Timestamp /*now*/) override {
    auto written = attempt<Outcome>([&] { return write_once(write, message_id); });
    if (written) return std::move(*written);
    if (written.error().passing) return Postponed{written.error().reason};
    return Refused{written.error().reason};
  }

  Result<Json> query(const DatabaseQuery& query) override {
    auto rows = attempt<Result<Json>>([&] { return read(query); });
    if (rows) return std::move(*rows);
    const auto code = rows.error().passing ? ErrorCode::kUnavailable : ErrorCode::kInvalid;
    return fail(code, rows.error().reason);
  }

  bool lost() override { return lost_ || PQstatus(handle()) != CONNECTION_OK; }
  void interrupt() override { ::shutdown(socket_, SHUT_RDWR); }

 private:
  struct Trouble {
    std::string reason;
    bool passing = false;
  };

  PGconn* handle() { return static_cast<soci::postgresql_session_backend*>(sql_.get_backend())->conn_; }

  // Undoes what `work` left open, however it ended.
  template <class T, class Work>
  tl::expected<T, Trouble> attempt(const Work& work) {
    try {
      auto outcome = work();
      roll_back();
      return outcome;
    } catch (const soci::postgresql_soci_error& error) {
      const auto state = error.sqlstate();
      const bool known =
          !state.empty() && state.find_first_not_of(std::string_view(" \0", 2)) != std::string::npos;
      bool passing = !known || lost();
      for (const auto kind : kPassing) passing = passing || state.starts_with(kind);
      auto reason = reason_of(sql::describe_exception(error, {}).message);
      lost_ = lost_ || !known || state.starts_with("57P");
      roll_back();
      return tl::unexpected(Trouble{std::move(reason), passing});
    } catch (const std::exception& error) {
      const bool passing = lost();
      auto reason = reason_of(sql::describe_exception(error, {}).message);
      roll_back();
      return tl::unexpected(Trouble{std::move(reason), passing});
    }
  }

  void roll_back() {
    if (lost() || PQtransactionStatus(handle()) == PQTRANS_IDLE) return;
    PQclear(PQexec(handle(), "ROLLBACK"));
    if (PQtransactionStatus(handle()) != PQTRANS_IDLE) lost_ = true;
  }

  void begin(const char* transaction) {
    sql_ << transaction;
    sql_ << fmt::format("SET LOCAL statement_timeout = {}", count_of(times_.limit));
    sql_ << fmt::format("SET LOCAL lock_timeout = {}", count_of(kBusyTimeout));
  }

  Outcome write_once(const DatabaseWrite& write, const std::string& message_id) {
    find_marks();
    begin("BEGIN READ WRITE");
    if (marks_) {
      soci::statement mark = (sql_.prepare << "INSERT INTO fieldline_deliveries (message_id) VALUES (:id) "
                                              "ON CONFLICT DO NOTHING",
                              soci::use(message_id, "id"));
      mark.execute(true);
      if (mark.get_affected_rows() == 0) return Delivered{"written before"};
    }
    auto parameters = write.parameters;
    parameters.insert_or_assign("message_id", message_id);
    const auto rows = run(write.statement, parameters);
    if (PQtransactionStatus(handle()) != PQTRANS_INTRANS) {
      return Refused{"the statement ended its transaction"};
    }
    sql_ << "COMMIT";
    return Delivered{rows_text(rows)};
  }

  std::uint64_t run(const std::string& statement, const std::map<std::string, Value>& parameters) {
    std::list<Bound> bound;
    soci::statement prepared(sql_);
    bind(prepared, bound, parameters);
    prepared.alloc();
    prepared.prepare(statement);
    prepared.define_and_bind();
    prepared.execute(true);
    const auto rows = prepared.get_affected_rows();
    return rows > 0 ? static_cast<std::uint64_t>(rows) : 0;
  }

  static void bind(soci::statement& statement, std::list<Bound>& bound,
                   const std::map<std::string, Value>& parameters) {
    for (const auto& [name, value] : parameters) {
      auto& place = bound.emplace_back(value);
      statement.exchange(soci::use(place.text, place.indicator, name));
    }
  }

  // Once a session: the table is there, or made, or this user may not.
  void find_marks() {
    if (marks_known_) return;
    const auto tried = attempt<bool>([&] {
      sql_ << "CREATE TABLE IF NOT EXISTS fieldline_deliveries "
              "(message_id TEXT PRIMARY KEY, delivered TIMESTAMPTZ NOT NULL DEFAULT now())";
      return true;
    });
    if (!tried && lost()) throw soci::soci_error(tried.error().reason);
    int may = 0;
    sql_ << "SELECT CASE WHEN to_regclass('fieldline_deliveries') IS NULL THEN 0 "
            "WHEN has_table_privilege('fieldline_deliveries', 'INSERT') THEN 1 ELSE 0 END",
        soci::into(may);
    marks_ = may != 0;
    marks_known_ = true;
    if (!marks_) return;
    static_cast<void>(attempt<bool>([&] {
      sql_ << fmt::format("DELETE FROM fieldline_deliveries WHERE delivered < now() - interval '{} hours'",
                          kMarksKept.count());
      return true;
    }));
  }

  // The server itself makes the rows JSON, counts them and cuts them off, so that no more crosses than is
  // taken. As a part of another statement, a script's can't be anything but one that reads.
  Result<Json> read(const DatabaseQuery& query) {
    begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    auto statement = query.statement;
    statement.erase(statement.find_last_not_of(" \t\r\n;") + 1);
    std::list<Bound> bound;
    std::string row;
    soci::indicator indicator = soci::i_ok;
    soci::statement prepared(sql_);
    prepared.exchange(soci::into(row, indicator));
    bind(prepared, bound, query.parameters);
    prepared.alloc();
    prepared.prepare(fmt::format(
        "SELECT CASE WHEN total <= {} THEN j END FROM (SELECT j, sum(octet_length(j)) OVER (ROWS UNBOUNDED "
        "PRECEDING) AS total FROM (SELECT CAST(row_to_json(q) AS text) AS j FROM (\n{}\n) AS q LIMIT {}) AS "
        "b) "
        "AS w",
        kRowBytes, statement, kRows + 1));
    prepared.define_and_bind();
    prepared.execute(false);
    auto rows = Json::array();
    while (prepared.fetch()) {
      if (indicator == soci::i_null) return too_many_bytes();
      if (rows.size() == kRows) return too_many_rows();
      auto read = Json::parse(row, nullptr, false);
      if (read.is_discarded())
        return fail(ErrorCode::kInvalid, "a row holds a number that scripts do not have");
      rows.push_back(std::move(read));
    }
    return rows;
  }

  soci::session sql_;
  const DatabaseUse use_;
  const StatementTimes times_;
  int socket_ = -1;
  bool lost_ = false;
  bool marks_ = false;
  bool marks_known_ = false;
};

}  // namespace

Result<std::unique_ptr<DatabaseSession>> open_postgresql(const DatabaseConnection& connection,
                                                         DatabaseUse use, const StatementTimes& times) {
  try {
    return std::make_unique<PostgresqlSession>(uri_of(connection), use, times);
  } catch (const std::exception& error) {
    return fail(ErrorCode::kUnavailable,
                reason_of(sql::describe_exception(error, {}).message, connection.password));
  }
}

}  // namespace fieldline::targets
