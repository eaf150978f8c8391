#include "coordinator/audit/log.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <set>

#include "coordinator/audit/limits.hpp"
#include "coordinator/audit/strangers.hpp"
#include "tests/unit/coordinator/audit/journal.hpp"

namespace fieldline::audit::test {
namespace {

Entry entry_by(const std::string& who, const std::string& action = "putTemplate") {
  Entry entry;
  entry.who = who;
  entry.action = action;
  entry.result = "200";
  return entry;
}

// Of a page's statement, with something for each text and number that it binds.
std::string with_values(std::string text) {
  for (const auto* name : {":begin", ":finish", ":who", ":action", ":instance", ":site", ":result",
                           ":before_time", ":before_sequence"}) {
    const std::string_view value = text.find(std::string("= ") + name) == std::string::npos ? "1" : "'1'";
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name))
      text.replace(at, std::string_view(name).size(), value);
  }
  return text;
}

// How the database will go about it, step by step.
std::string plan_of(sql::Session& session, bool sqlite, const std::string& text) {
  std::string plan;
  std::string step;
  int id = 0;
  int parent = 0;
  int unused = 0;
  soci::statement explain(session.soci());
  if (sqlite) {
    for (auto* number : {&id, &parent, &unused}) explain.exchange(soci::into(*number));
  }
  explain.exchange(soci::into(step));
  explain.alloc();
  explain.prepare((sqlite ? "EXPLAIN QUERY PLAN " : "EXPLAIN (COSTS OFF) ") + text);
  explain.define_and_bind();
  explain.execute();
  while (explain.fetch()) plan += step + '\n';
  return plan;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE(
    "entries are numbered without a gap, over restarts, and come back as they were recorded", "", Journals) {
  TestType journal;
  REQUIRE(journal.record(entry_by("ann")));
  REQUIRE(journal.record(entry_by("bob")));
  journal.start();
  REQUIRE(journal.record(entry_by("cid")));
  const auto entries = journal.page({});
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].who == "cid");
  CHECK(entries[0].sequence == 3);
  CHECK(entries[2].sequence == 1);
  const auto key = Key::load(journal.key_file()).value();
  CHECK(entries[0].mac == key.mac(entries[1].mac, entries[0]));
}

TEMPLATE_LIST_TEST_CASE("the key is made once, for its owner alone, and a log without its key does not open",
                        "", Journals) {
  TestType journal;
  struct stat status {};
  REQUIRE(::stat(journal.key_file().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600U);
  REQUIRE(journal.record(entry_by("ann")));
  journal.stop();
  std::filesystem::remove(journal.key_file());
  const auto refused = journal.try_start();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kNotFound);
  CHECK_FALSE(std::filesystem::exists(journal.key_file()));
}

TEMPLATE_LIST_TEST_CASE("an entry that can't be written is refused, and the chain goes on without it", "",
                        Journals) {
  TestType journal;
  journal.fill(2);
  journal.edit("ALTER TABLE audit RENAME TO hidden");
  CHECK_FALSE(journal.record(entry_by("ann")));
  journal.edit("ALTER TABLE hidden RENAME TO audit");
  journal.fill(2);
  journal.stop();
  CHECK(journal.verify(0).find("sound: 4 entries") != std::string::npos);
}

TEMPLATE_LIST_TEST_CASE(
    "what was intended and never recorded is recorded at the next start, once, as not known", "", Journals) {
  TestType journal;
  auto done = entry_by("ann", "putSite");
  done.intent = journal.intend(done);
  auto cut_off = entry_by("bob", "putTemplate");
  cut_off.kind = "token";
  cut_off.address = "10.0.0.7";
  cut_off.method = "PUT";
  cut_off.path = "/api/v1/templates/Tank";
  cut_off.site = "north";
  cut_off.instance = "Tank7";
  const auto asked = journal.time.clock().utc();
  journal.intend(cut_off);
  REQUIRE(journal.record(done));
  journal.time.run_for(5s);
  for (int starts = 0; starts < 2; ++starts) {
    journal.start();
    const auto entries = journal.page({});
    REQUIRE(entries.size() == 2);
    CHECK(entries[1].who == "ann");
    auto stored = entries[0];
    CHECK(stored.result == kUnknown);
    CHECK(Json::parse(stored.details) == Json{{"asked", format_rfc3339(asked)}, {"found_at_start", true}});
    CHECK(stored.time >= asked + 5s);
    stored.sequence = 0;
    stored.time = {};
    stored.result = cut_off.result;
    stored.details = cut_off.details;
    stored.mac.clear();
    CHECK(stored == cut_off);
  }
  REQUIRE(journal.record(entry_by("cid")));
  journal.stop();
  CHECK(journal.verify(0).find("sound: 3 entries") != std::string::npos);
}

TEMPLATE_LIST_TEST_CASE("what was done but could not be recorded is recorded at the next start", "",
                        Journals) {
  TestType journal;
  auto entry = entry_by("ann");
  entry.intent = journal.intend(entry);
  journal.edit("ALTER TABLE audit RENAME TO hidden");
  CHECK_FALSE(journal.record(entry));
  journal.edit("ALTER TABLE hidden RENAME TO audit");
  journal.start();
  const auto entries = journal.page({});
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].result == kUnknown);
  journal.stop();
  journal.verify(0);
}

TEST_CASE(
    "more requests that are about to be carried out than can wait are refused, until some are recorded") {
  Journal<sql::SqlitePlace> journal;
  std::size_t taken = 0;
  std::size_t refused = 0;
  const auto ask = [&](std::size_t count) {
    journal.loop->post([&journal, &taken, &refused, count] {
      for (std::size_t i = 0; i < count; ++i)
        journal.log->intend(entry_by("ann"), [&](const Result<std::int64_t>& intent) {
          if (!intent && intent.error().code == ErrorCode::kExhausted) ++refused;
          if (intent) ++taken;
        });
    });
  };
  // No more at a time than the database has room for.
  for (std::size_t asked = 0; asked < kIntents; asked += 128) {
    ask(128);
    REQUIRE(journal.time.run_until([&] { return taken == asked + 128; }, 10s));
  }
  ask(1);
  REQUIRE(journal.time.run_until([&] { return refused == 1; }, 10s));
  auto settled = entry_by("ann");
  settled.intent = 1;
  REQUIRE(journal.record(settled));
  ask(1);
  REQUIRE(journal.time.run_until([&] { return taken == kIntents + 1; }, 10s));
}

TEMPLATE_LIST_TEST_CASE("many entries at once are all told, in order, and more than can wait are refused", "",
                        Journals) {
  TestType journal;
  std::vector<std::size_t> told;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < kWaiting + 500; ++i) {
    journal.log->record(entry_by("ann"), [&, i](const Result<>& outcome) {
      if (!outcome && outcome.error().code == ErrorCode::kExhausted) ++refused;
      if (outcome) told.push_back(i);
    });
  }
  REQUIRE(journal.time.run_until([&] { return told.size() + refused == kWaiting + 500; }, 60s));
  CHECK(refused > 0);
  CHECK(told.size() >= kWaiting);
  CHECK(std::is_sorted(told.begin(), told.end()));
  journal.stop();
  journal.verify(0);
}

TEMPLATE_LIST_TEST_CASE("texts are cut at a whole character, and details that are too long are left out", "",
                        Journals) {
  TestType journal;
  auto entry = entry_by("ann");
  for (std::size_t i = 0; i < kTextBytes; ++i) entry.path += "é";
  add_details(entry, {{"large", std::string(kDetailsBytes, 'x')}});
  add_details(entry, {{"small", 1}});
  REQUIRE(journal.record(entry));
  const auto stored = journal.page({}).at(0);
  CHECK(stored.path.size() <= kTextBytes);
  CHECK(stored.path.ends_with("é…"));
  CHECK(Json::parse(stored.details) == Json{{"omitted", "too long"}, {"small", 1}});
}

TEMPLATE_LIST_TEST_CASE("pages are newest first, and stay right while entries are added", "", Journals) {
  TestType journal;
  journal.fill(25);
  std::vector<std::int64_t> seen;
  std::optional<Place> before;
  for (;;) {
    Query query;
    query.limit = 10;
    query.before = before;
    const auto page = journal.page(query);
    for (const auto& entry : page) seen.push_back(entry.sequence);
    if (page.size() < 10) break;
    before = Place{page.back().time, page.back().sequence};
    journal.fill(3);
  }
  REQUIRE(seen.size() == 25);
  for (std::size_t i = 0; i < seen.size(); ++i) CHECK(seen[i] == 25 - static_cast<std::int64_t>(i));
}

TEMPLATE_LIST_TEST_CASE("every filter is answered by an index, in order, without sorting", "", Journals) {
  TestType journal;
  journal.fill(3);
  auto session = sql::Session::open(journal.connection()).value();
  const bool sqlite = journal.connection().starts_with("sqlite:");
  // So few rows it would rather read all at once.
  if (!sqlite) REQUIRE(session.run("SET enable_seqscan = off; SET enable_bitmapscan = off"));
  std::vector<Query> queries(6);
  queries[1].who = "x";
  queries[2].action = "x";
  queries[3].instance = "x";
  queries[4].site = "x";
  queries[5].result = "x";
  for (auto query : queries) {
    for (const bool later : {false, true}) {
      if (later) query.before = Place{Timestamp(1s), 1};
      const auto text = with_values(audit_page_statement(query));
      const auto plan = plan_of(session, sqlite, text);
      INFO(text << ": " << plan);
      CHECK(plan.find(sqlite ? "SEARCH audit USING INDEX" : "Index Scan") != std::string::npos);
      CHECK(plan.find(sqlite ? "TEMP B-TREE" : "Sort") == std::string::npos);
    }
  }
}

TEST_CASE("strangers are recorded a few at once and then seldom, and none is forgotten") {
  VirtualTime time;
  Strangers strangers(time.clock());
  std::size_t recorded = 0;
  std::uint64_t counted = 0;
  for (int i = 0; i < 10'000; ++i) {
    const auto refused = strangers.refused();
    if (refused) ++recorded, counted += *refused;
  }
  CHECK(recorded == kStrangersAtOnce);
  CHECK(counted == 0);
  time.run_for(kPerStranger);
  const auto next = strangers.refused();
  REQUIRE(next);
  CHECK(*next == 10'000 - kStrangersAtOnce);
  CHECK_FALSE(strangers.refused());
}

}  // namespace fieldline::audit::test
