// The rows of deployments by PostgreSQL's own client library.
#include <libpq-fe.h>

#include <array>
#include <initializer_list>

#include "common/base/check.hpp"
#include "common/sql/limits.hpp"
#include "tests/bench/deployment/centre.hpp"
#include "tests/bench/fanout/pipe.hpp"
#include "tests/bench/stopwatch.hpp"

namespace fieldline::bench {
namespace {

constexpr auto kTables =
    "CREATE TABLE deployments (instance TEXT PRIMARY KEY, row TEXT NOT NULL);"
    "CREATE TABLE deployed (instance TEXT PRIMARY KEY, row TEXT NOT NULL);"
    "CREATE TABLE sent_configs (sent BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, instance TEXT NOT NULL,"
    "revision TEXT NOT NULL, bytes BYTEA NOT NULL, provenance BYTEA NOT NULL, UNIQUE (instance, revision));";

class Server {
 public:
  explicit Server(const std::string& address) : connection_(PQconnectdb(address.c_str())) {
    FIELDLINE_CHECK(PQstatus(connection_) == CONNECTION_OK);
    PQsetNoticeProcessor(
        connection_, [](void*, const char*) {}, nullptr);
  }
  ~Server() { PQfinish(connection_); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void run(const char* statements) { expect(PQexec(connection_, statements)); }
  void prepare(const char* name, const char* text) { expect(PQprepare(connection_, name, text, 0, nullptr)); }

  // Values go as bytes: of a text they are the same.
  void execute(const char* name, std::initializer_list<const std::string*> values) {
    std::array<const char*, 4> data{};
    std::array<int, 4> sizes{};
    std::array<int, 4> binary{1, 1, 1, 1};
    std::size_t count = 0;
    for (const auto* value : values) {
      data[count] = value->data();
      sizes[count++] = static_cast<int>(value->size());
    }
    expect(PQexecPrepared(connection_, name, static_cast<int>(count), data.data(), sizes.data(),
                          binary.data(), 0));
  }

 private:
  static void expect(PGresult* result) {
    FIELDLINE_CHECK(PQresultStatus(result) == PGRES_COMMAND_OK);
    PQclear(result);
  }

  PGconn* connection_;
};

template <class Write>
void in_groups(Server& server, std::size_t count, const Write& write) {
  for (std::size_t i = 0; i < count; ++i) {
    if (i % sql::kGroup == 0) server.run("BEGIN");
    write("S" + std::to_string(i));
    if (i % sql::kGroup == sql::kGroup - 1 || i + 1 == count) server.run("COMMIT");
  }
}

}  // namespace

double raw_commits_on_postgresql(const std::string& address, std::size_t instances, const RowSizes& sizes) {
  Server server(address);
  server.run(kTables);
  server.prepare("status",
                 "INSERT INTO deployments VALUES ($1, $2) ON CONFLICT (instance) DO UPDATE SET row = $2");
  server.prepare("deployed",
                 "INSERT INTO deployed VALUES ($1, $2) ON CONFLICT (instance) DO UPDATE SET row = $2");
  server.prepare("sent",
                 "INSERT INTO sent_configs (instance, revision, bytes, provenance) VALUES ($1, $2, $3, $4)");
  const std::string row(300, 'r');
  const std::string revision(64, 'a');
  const std::string config(sizes.config, 'c');
  const std::string provenance(sizes.provenance, 'p');
  const Stopwatch watch;
  in_groups(server, instances, [&](const std::string& instance) {
    server.execute("status", {&instance, &row});
    server.execute("sent", {&instance, &revision, &config, &provenance});
  });
  in_groups(server, instances, [&](const std::string& instance) {
    server.execute("status", {&instance, &row});
    server.execute("deployed", {&instance, &row});
  });
  return static_cast<double>(instances) / watch.milliseconds() * 1000;
}

}  // namespace fieldline::bench
