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

}  // namespace

TEST_CASE("entries are numbered without a gap, over restarts, and come back as they were recorded") {
  Journal journal;
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

TEST_CASE("the key is made once, for its owner alone, and a log without its key does not open") {
  Journal journal;
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

TEST_CASE("an entry that can't be written is refused, and the chain goes on without it") {
  Journal journal;
  journal.fill(2);
  journal.edit("ALTER TABLE audit RENAME TO hidden");
  CHECK_FALSE(journal.record(entry_by("ann")));
  journal.edit("ALTER TABLE hidden RENAME TO audit");
  journal.fill(2);
  journal.stop();
  CHECK(journal.verify(0).find("sound: 4 entries") != std::string::npos);
}

TEST_CASE("many entries at once are all told, in order, and more than can wait are refused") {
  Journal journal;
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

TEST_CASE("texts are cut at a whole character, and details that are too long are left out") {
  Journal journal;
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

TEST_CASE("pages are newest first, and stay right while entries are added") {
  Journal journal;
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

TEST_CASE("every filter is answered by an index, in order, without sorting") {
  Journal journal;
  journal.fill(3);
  auto session = sql::Session::open(journal.connection()).value();
  std::vector<Query> queries(6);
  queries[1].who = "x";
  queries[2].action = "x";
  queries[3].instance = "x";
  queries[4].site = "x";
  queries[5].result = "x";
  for (auto query : queries) {
    for (const bool later : {false, true}) {
      if (later) query.before = Place{Timestamp(1s), 1};
      auto text = audit_page_statement(query);
      for (const auto* name : {":begin", ":finish", ":who", ":action", ":instance", ":site", ":result",
                               ":before_time", ":before_sequence"}) {
        for (auto at = text.find(name); at != std::string::npos; at = text.find(name))
          text.replace(at, std::string_view(name).size(), "1");
      }
      std::string step;
      int id = 0, parent = 0, unused = 0;
      soci::statement plan = (session.soci().prepare << "EXPLAIN QUERY PLAN " + text, soci::into(id),
                              soci::into(parent), soci::into(unused), soci::into(step));
      plan.execute();
      while (plan.fetch()) {
        INFO(text << ": " << step);
        CHECK(step.starts_with("SEARCH audit USING INDEX"));
      }
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
