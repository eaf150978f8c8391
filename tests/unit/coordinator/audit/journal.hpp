// An audit log in a database of its own in virtual time, which can be restarted and edited by hand. For
// tests.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "common/base/virtual_time.hpp"
#include "common/sql/inline_database.hpp"
#include "common/sql/session.hpp"
#include "coordinator/audit/log.hpp"
#include "coordinator/audit_command.hpp"
#include "coordinator/database/migrations.hpp"
#include "tests/postgresql/places.hpp"
#include "tests/unit/common/sql/scratch_folder.hpp"

namespace fieldline::audit::test {

using namespace std::chrono_literals;

template <class Place>
class Journal {
 public:
  Journal() { start(); }

  void start() {
    auto opened = try_start();
    if (!opened) FAIL(opened.error().describe());
  }
  Result<> try_start() {
    stop();
    loop = time.executor();
    worker = time.worker();
    auto opened = sql::open_inline({connection(), "test", database::migrations()}, time.executor(), 1ms);
    REQUIRE(opened);
    database = std::move(*opened);
    records.emplace(*database);
    auto made = Log::open({*loop, *worker, *records}, key_file());
    if (!made) return fail(made.error());
    log = std::move(*made);
    return {};
  }
  void stop() {
    log.reset();
    records.reset();
    database.reset();
    worker.reset();
    loop.reset();
  }

  Result<> record(Entry entry) {
    std::optional<Result<>> told;
    log->record(std::move(entry), [&](const Result<>& outcome) { told = outcome; });
    REQUIRE(time.run_until([&] { return told.has_value(); }, 10s));
    return *told;
  }
  // The number of what is about to be done.
  std::int64_t intend(Entry entry) {
    std::optional<Result<std::int64_t>> told;
    loop->post(
        [&] { log->intend(std::move(entry), [&](const Result<std::int64_t>& intent) { told = intent; }); });
    REQUIRE(time.run_until([&] { return told.has_value(); }, 10s));
    REQUIRE(*told);
    return **told;
  }
  void fill(int entries) {
    for (int i = 0; i < entries; ++i) {
      Entry entry;
      entry.who = "ann";
      entry.kind = "token";
      entry.action = "putTemplate";
      entry.result = "200";
      entry.document = "templates/T" + std::to_string(i);
      REQUIRE(record(entry));
      time.run_for(10ms);
    }
  }
  std::vector<Entry> page(Query query) {
    std::optional<Result<std::vector<Entry>>> got;
    if (query.limit == 0) query.limit = 1000;
    log->page(std::move(query), [&](Result<std::vector<Entry>> page) { got = std::move(page); });
    REQUIRE(time.run_until([&] { return got.has_value(); }, 10s));
    REQUIRE(*got);
    return **got;
  }

  // As somebody with access to the file would.
  void edit(const std::string& statements) {
    auto session = sql::Session::open(connection());
    REQUIRE(session);
    const auto ran = session->run(statements);
    if (!ran) FAIL(ran.error().describe());
  }
  // What `audit verify` says and exits with.
  std::string verify(int code) {
    coordinator::Settings settings;
    settings.state = key_file().parent_path();
    settings.database = connection();
    std::ostringstream said;
    CHECK(coordinator::verify_audit(settings, said, said) == code);
    return said.str();
  }

  [[nodiscard]] std::string connection() const { return place.connection(); }
  [[nodiscard]] std::filesystem::path key_file() const { return folder / "audit.key"; }

  const Place place;
  sql::ScratchFolder folder;
  VirtualTime time;
  std::unique_ptr<Executor> loop;
  std::unique_ptr<Worker> worker;
  std::unique_ptr<sql::Database> database;
  std::optional<database::AuditRecords> records;
  std::unique_ptr<Log> log;
};

using Journals = std::tuple<Journal<sql::SqlitePlace>, Journal<sql::PostgresqlPlace>>;

}  // namespace fieldline::audit::test
