// What somebody does to the database by hand is named.
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/unit/coordinator/audit/journal.hpp"

namespace fieldline::audit::test {
namespace {

// Ten entries, then `statements` on the file.
template <class Journal>
std::string verified_after(const std::string& statements) {
  Journal journal;
  journal.fill(10);
  journal.stop();
  journal.edit(statements);
  return journal.verify(1);
}

bool says(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a log as it was written is sound, over restarts and while it is written", "",
                        Journals) {
  TestType journal;
  CHECK(says(journal.verify(0), "sound: 0 entries"));
  journal.fill(3);
  CHECK(says(journal.verify(0), "sound: 3 entries"));
  journal.start();
  journal.fill(300);
  CHECK(says(journal.verify(0), "sound: 303 entries"));
  journal.stop();
  CHECK(says(journal.verify(0), "sound: 303 entries"));
}

TEMPLATE_LIST_TEST_CASE("any field of an entry that is changed is named, with its entry and time", "",
                        Journals) {
  const auto field = GENERATE(as<std::string>(), "recorded = recorded + 1", "who = 'eve'", "kind = 'user'",
                              "address = '10.0.0.1'", "action = 'putSite'", "method = 'PUT'", "path = '/'",
                              "document = 'x'", "site = 'south'", "instance = 'x'", "deployment = 'x'",
                              "result = '403'", "details = '{\"a\":1}'",
                              "mac = '0000000000000000000000000000000000000000000000000000000000000000'");
  const auto at = GENERATE(1, 4, 10);
  INFO(field << " of " << at);
  const auto said =
      verified_after<TestType>("UPDATE audit SET " + field + " WHERE sequence = " + std::to_string(at));
  CHECK(says(said, "broken at entry " + std::to_string(at) + " (of "));
  CHECK(says(said, "changed"));
  CHECK(says(said, std::to_string(at - 1) + " entries before are sound"));
}

TEMPLATE_LIST_TEST_CASE("a deleted entry is missing, also when the others close up", "", Journals) {
  CHECK(says(verified_after<TestType>("DELETE FROM audit WHERE sequence = 4"), "broken at entry 4 (after "));
  CHECK(says(verified_after<TestType>("DELETE FROM audit WHERE sequence = 1"), "broken at entry 1 (after "));
  CHECK(says(verified_after<TestType>("DELETE FROM audit WHERE sequence BETWEEN 3 AND 6"),
             "entries 3 to 6 are gone"));
  const auto closed = verified_after<TestType>(
      "DELETE FROM audit WHERE sequence = 4; UPDATE audit SET sequence = sequence - 1 WHERE sequence > 4");
  CHECK(says(closed, "broken at entry 4 (after "));
  CHECK(says(closed, "missing"));
}

TEMPLATE_LIST_TEST_CASE("two entries that changed places are reordered", "", Journals) {
  const auto swap = [](int a, int b) {
    return fmt::format(
        "UPDATE audit SET sequence = -1 WHERE sequence = {0}; UPDATE audit SET sequence = {0} WHERE sequence "
        "= "
        "{1}; UPDATE audit SET sequence = {1} WHERE sequence = -1",
        a, b);
  };
  const auto far = verified_after<TestType>(swap(3, 7));
  CHECK(says(far, "broken at entry 3 "));
  CHECK(says(far, "reordered: it was recorded as entry 7"));
  CHECK(says(verified_after<TestType>(swap(4, 5)), "reordered: it was recorded as entry 5"));
  CHECK(says(verified_after<TestType>(swap(1, 10)), "reordered: it was recorded as entry 10"));
}

TEMPLATE_LIST_TEST_CASE("an entry that nobody recorded is inserted, wherever it stands", "", Journals) {
  const std::string fields =
      "recorded, who, kind, address, action, method, path, document, site, instance, deployment, result, "
      "details, mac";
  const auto copy = [&](int of, int to) {
    return fmt::format("INSERT INTO audit (sequence, {0}) SELECT {1}, {0} FROM audit WHERE sequence = {2};",
                       fields, to, of);
  };
  const auto at_end = verified_after<TestType>(copy(5, 11));
  CHECK(says(at_end, "broken at entry 11 "));
  CHECK(says(at_end, "inserted"));
  CHECK(says(verified_after<TestType>(copy(5, 11) + "UPDATE audit SET who = 'eve' WHERE sequence = 11"),
             "inserted"));
  CHECK(says(verified_after<TestType>(copy(5, 400)), "broken at entry 400 "));
  CHECK(says(verified_after<TestType>(copy(1, 0)), "inserted"));
  const auto between =
      verified_after<TestType>("UPDATE audit SET sequence = -sequence WHERE sequence > 4;" + copy(2, 5) +
                               "UPDATE audit SET who = 'eve' WHERE sequence = 5;"
                               "UPDATE audit SET sequence = 1 - sequence WHERE sequence < 0");
  CHECK(says(between, "broken at entry 5 "));
  CHECK(says(between, "inserted"));
}

TEMPLATE_LIST_TEST_CASE("a log that is cut at its end is truncated, and stays so when it goes on", "",
                        Journals) {
  TestType journal;
  journal.fill(10);
  journal.stop();
  journal.edit("DELETE FROM audit WHERE sequence > 7");
  const auto cut = journal.verify(1);
  CHECK(says(cut, "broken at entry 8 (after "));
  CHECK(says(cut, "truncated: the log went on to entry 10"));
  journal.start();
  journal.fill(2);
  CHECK(says(journal.verify(1), "missing: entries 8 to 10 are gone"));
  journal.stop();
  CHECK(says(verified_after<TestType>("DELETE FROM audit"), "truncated: the log went on to entry 10"));
}

TEMPLATE_LIST_TEST_CASE(
    "without the file that knows the end, or with another one, the log is not called sound", "", Journals) {
  TestType journal;
  journal.fill(3);
  journal.stop();
  const auto head = head_file(journal.key_file());
  const Head first = *read_head(head).value();
  REQUIRE(write_head(head, {2, first.mac}));
  CHECK(says(journal.verify(1), "knows another one"));
  std::filesystem::remove(head);
  CHECK(says(journal.verify(1), "truncated"));
}

TEMPLATE_LIST_TEST_CASE("a head that lags behind is said, and is no fault", "", Journals) {
  TestType journal;
  journal.fill(1);
  journal.time.run_for(5s);
  const auto head = head_file(journal.key_file());
  const auto first = read_head(head).value();
  REQUIRE(first);
  journal.fill(4);
  journal.stop();
  REQUIRE(write_head(head, *first));
  CHECK(says(journal.verify(0), "knows 1 of them"));
}

TEMPLATE_LIST_TEST_CASE("another key, a key that others could read, and none prove nothing", "", Journals) {
  TestType journal;
  journal.fill(3);
  journal.stop();
  std::filesystem::permissions(journal.key_file(), std::filesystem::perms::group_read,
                               std::filesystem::perm_options::add);
  CHECK(says(journal.verify(1), "can't be verified"));
  std::filesystem::remove(journal.key_file());
  CHECK(says(journal.verify(1), "can't be verified"));
  REQUIRE(Key::create(journal.key_file()));
  CHECK(says(journal.verify(1), "broken at entry 1 "));
}

}  // namespace fieldline::audit::test
