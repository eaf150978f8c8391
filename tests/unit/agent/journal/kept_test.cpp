// What instances keep, in a journal.
#include "agent/journal/limits.hpp"
#include "tests/unit/agent/journal/journal_pair.hpp"

namespace fieldline::journal {
namespace {

TEST_CASE("states that are kept are found again, the newest of each, and take one record each") {
  TwoNodes pair;
  const auto bytes = std::string("any\0\xff bytes", 12);
  REQUIRE(pair.a.keep("Pump", {{"values/A", "old"}, {"alarms/B", bytes}}));
  for (int i = 0; i < 50; ++i) REQUIRE(pair.a.keep("Pump", {{"values/A", std::to_string(i)}}));
  REQUIRE(pair.a.keep("Mixer", {{"values/A", "other"}}));
  pair.a.restart();
  CHECK(pair.a.kept("Pump") == KeptStates{{"values/A", "49"}, {"alarms/B", bytes}});
  CHECK(pair.a.kept("Mixer") == KeptStates{{"values/A", "other"}});
  CHECK(pair.a.kept("Valve").empty());
  CHECK(pair.a.records(0).records.size() == 4);  // and the one that opened the journal
  REQUIRE(follow(pair.a, pair.b));
  CHECK(pair.b.kept("Pump") == pair.a.kept("Pump"));
  REQUIRE(pair.a.forget("Pump"));
  CHECK(pair.a.kept("Pump").empty());
  REQUIRE(follow(pair.a, pair.b));
  CHECK(pair.b.kept("Pump").empty());
  CHECK(pair.b.kept("Mixer").size() == 1);
}

TEST_CASE("an instance keeps at most 1 MiB, and no state is larger than a record") {
  TwoNodes pair;
  CHECK(pair.a.keep("Pump", {{"values/A", ""}}).error().code == ErrorCode::kInvalid);
  CHECK(pair.a.keep("Pump", {{"values/A", std::string(kMessageBytes, 'x')}}).error().code ==
        ErrorCode::kTooLarge);
  KeptStates many;
  for (int i = 0; i < 19; ++i) many[std::to_string(i)] = std::string(55'000, 'x');
  REQUIRE(pair.a.keep("Pump", many));
  CHECK(pair.a.keep("Pump", {{"more", std::string(20'000, 'x')}}).error().code == ErrorCode::kTooLarge);
  CHECK(pair.a.kept("Pump") == many);
}

TEST_CASE("a state whose bytes changed on the disk is not given out") {
  TwoNodes pair;
  REQUIRE(pair.a.keep("Pump", {{"values/A", "1"}, {"values/B", "2"}}));
  pair.a.tamper(
      "UPDATE records SET bytes = x'76616c7565732f410033' WHERE place = (SELECT place FROM kept "
      "WHERE name = 'values/A')");
  CHECK(pair.a.kept("Pump") == KeptStates{{"values/B", "2"}});
  pair.a.restart();
  CHECK(pair.a.kept("Pump") == KeptStates{{"values/B", "2"}});
  REQUIRE(pair.a.keep("Pump", {{"values/A", "4"}}));
  CHECK(pair.a.kept("Pump").at("values/A") == "4");
}

TEST_CASE("a target that never had a message has an empty lane, and takes nothing of what instances keep") {
  TwoNodes pair;
  REQUIRE(pair.a.keep("Pump", {{"values/A", "1"}}));
  CHECK(pair.a.bodies("external-systems/unknown").empty());
  const auto dropped = pair.a.answer_of<Moved>([&](auto done) {
    pair.a.journal().drop("external-systems/unknown", 0, 1'000'000, std::nullopt, done);
  });
  CHECK(dropped->messages == 0);
  pair.time.run_for(std::chrono::milliseconds(10));
  CHECK(pair.a.kept("Pump").size() == 1);
}

TEST_CASE("states that were kept elsewhere are carried over once, and those of no instance go") {
  TwoNodes pair;
  REQUIRE(
      pair.a.journal().carry_over({{"Pump", {{"values/A", "1"}, {"values/Huge", std::string(70'000, 'x')}}},
                                   {"Stray", {{"values/A", "2"}}}}));
  CHECK(pair.a.kept("Pump") == KeptStates{{"values/A", "1"}});
  REQUIRE(pair.a.journal().forget_but({"Pump", "Other"}));
  pair.a.restart();
  CHECK(pair.a.kept("Pump") == KeptStates{{"values/A", "1"}});
  CHECK(pair.a.kept("Stray").empty());
  pair.a.accept("after");
}

}  // namespace
}  // namespace fieldline::journal
