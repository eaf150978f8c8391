#include <libpq-fe.h>
#include <poll.h>

#include <deque>

#include "common/base/check.hpp"
#include "tests/bench/fanout/pipe.hpp"
#include "tests/bench/peers/peers.hpp"
#include "tests/bench/stopwatch.hpp"
#include "tests/postgresql/cluster.hpp"

namespace fieldline::bench {
namespace {

// As many as commit together with one sync; the cluster takes 20.
constexpr std::size_t kConnections = 16;

// One that is sent inserts without waiting, each its own transaction.
class Line {
 public:
  explicit Line(const std::string& address) : connection_(PQconnectdb(address.c_str())) {
    FIELDLINE_CHECK(PQstatus(connection_) == CONNECTION_OK);
    auto* prepared = PQprepare(connection_, "put", "INSERT INTO erp (body) VALUES ($1)", 1, nullptr);
    FIELDLINE_CHECK(PQresultStatus(prepared) == PGRES_COMMAND_OK);
    PQclear(prepared);
    FIELDLINE_CHECK(PQenterPipelineMode(connection_) == 1);
    FIELDLINE_CHECK(PQsetnonblocking(connection_, 1) == 0);
  }
  ~Line() { PQfinish(connection_); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  void put(const std::string& body) {
    const char* value = body.data();
    const int size = static_cast<int>(body.size());
    constexpr int binary = 1;
    FIELDLINE_CHECK(PQsendQueryPrepared(connection_, "put", 1, &value, &size, &binary, 0) == 1);
    FIELDLINE_CHECK(PQpipelineSync(connection_) == 1);
    ++open_;
  }
  // How many were committed since it was asked last.
  std::size_t committed() {
    FIELDLINE_CHECK(PQconsumeInput(connection_) == 1);
    std::size_t done = 0;
    while (open_ > 0 && PQisBusy(connection_) == 0) {
      auto* result = PQgetResult(connection_);
      if (result == nullptr) continue;  // between a statement and its sync
      const auto status = PQresultStatus(result);
      FIELDLINE_CHECK(status == PGRES_COMMAND_OK || status == PGRES_PIPELINE_SYNC);
      PQclear(result);
      if (status != PGRES_PIPELINE_SYNC) continue;
      ++done;
      --open_;
    }
    return done;
  }
  pollfd waits() {
    const int unsent = PQflush(connection_);
    FIELDLINE_CHECK(unsent >= 0);
    return {PQsocket(connection_), static_cast<short>(unsent == 0 ? POLLIN : POLLIN | POLLOUT), 0};
  }

 private:
  PGconn* connection_;
  std::size_t open_ = 0;
};

}  // namespace

double postgresql_accepts(const std::filesystem::path&, const Load& load) {
  const auto address = sql::Cluster::shared().new_schema();
  auto* owner = PQconnectdb(address.c_str());
  PQclear(PQexec(owner, "CREATE TABLE erp (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body BYTEA)"));
  PQfinish(owner);
  std::deque<Line> lines;
  for (std::size_t i = 0; i < std::min(kConnections, load.in_flight); ++i) lines.emplace_back(address);
  const std::string body(load.bytes, 'm');
  std::vector<pollfd> waits(lines.size());
  const Stopwatch watch;
  std::size_t asked = 0;
  for (; asked < load.in_flight; ++asked) lines[asked % lines.size()].put(body);
  for (std::size_t answered = 0; answered < load.count;) {
    for (std::size_t i = 0; i < lines.size(); ++i) waits[i] = lines[i].waits();
    FIELDLINE_CHECK(::poll(waits.data(), waits.size(), 10'000) > 0);
    for (auto& line : lines) {
      const auto more = line.committed();
      answered += more;
      for (std::size_t i = 0; i < more && asked < load.count; ++i, ++asked) line.put(body);
    }
  }
  return static_cast<double>(load.count) / watch.milliseconds() * 1000;
}

}  // namespace fieldline::bench
