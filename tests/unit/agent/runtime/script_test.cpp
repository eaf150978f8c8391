#include <catch2/catch.hpp>

#include "agent/runtime/limits.hpp"
#include "agent/runtime/script_library.hpp"
#include "agent/runtime/scripts.hpp"
#include "common/lua/api.hpp"
#include "tests/unit/agent/runtime/stage.hpp"

using namespace fieldline;
using namespace fieldline::runtime;
using namespace std::chrono_literals;

namespace {

Configured station() {
  return Configured()
      .connection("plc")
      .bound("Level", DataType::kFloat, "40001", false)
      .bound("Speed", DataType::kInt, "40002")
      .local("Count", DataType::kInt, std::int64_t{0})
      .local("Out", DataType::kString, std::string());
}

constexpr const char* kCount = "attributes.set('Count', attributes.get('Count') + 1)";

std::int64_t count_of(const Stage& stage) {
  return std::get<std::int64_t>(stage.value("Count"));
}
std::string out_of(const Stage& stage) {
  return std::get<std::string>(stage.value("Out"));
}

}  // namespace

TEST_CASE("an interval script runs from start to start") {
  Stage stage(station().every(1s, "Tick", kCount));
  stage.world.run_for(999ms);
  CHECK(count_of(stage) == 0);
  stage.world.run_for(1ms);
  CHECK(count_of(stage) == 1);
  stage.world.run_for(1min);
  CHECK(count_of(stage) == 61);
}

TEST_CASE("triggers during a run are coalesced into one run after it, and counted") {
  Stage stage(station().every(1s, "Slow", std::string(kCount) + "; sleep(3.5)"));
  stage.world.run_for(1s);
  CHECK(count_of(stage) == 1);
  stage.world.run_for(3s);  // ticks at 2, 3 and 4 s
  CHECK(count_of(stage) == 1);
  CHECK(stage.instance->tally().script_coalesced == 3);
  stage.world.run_for(500ms);
  CHECK(count_of(stage) == 2);
  CHECK(stage.instance->tally().script_runs == 2);
}

TEST_CASE("a change of a value triggers, a refresh of it and a lost link do not") {
  Stage stage(station().on_change({"Level"}, "Watch", kCount));
  stage.show("40001", 1.0);
  stage.world.run_for(1s);
  CHECK(count_of(stage) == 1);
  stage.show("40001", 1.0);
  stage.world.run_for(1s);
  CHECK(count_of(stage) == 1);
  stage.show("40001", std::monostate{}, Quality::kBadCommunicationError);
  stage.world.run_for(1s);
  CHECK(count_of(stage) == 1);
  stage.show("40001", 1.0);  // usable again
  stage.world.run_for(1s);
  CHECK(count_of(stage) == 2);
}

TEST_CASE("starts of a script keep its minimum interval") {
  Script script;
  script.name = "Watch";
  script.source = kCount;
  script.min_interval = 1s;
  script.trigger = {.attributes = {"Level"}, .kind = TriggerKind::kValueChange};
  Stage stage(station().script(script));
  for (int i = 0; i < 100; ++i) {
    stage.show("40001", static_cast<double>(i));
    stage.world.run_for(50ms);
  }
  CHECK(count_of(stage) == 6);  // at 0 s, 1 s … 5 s; the last one for the changes since 4 s
  stage.world.run_for(10s);
  CHECK(count_of(stage) == 6);
}

TEST_CASE("scripts that set off each other for ever leave room for others") {
  Stage stage(station()
                  .local("Ping", DataType::kInt, std::int64_t{0})
                  .local("Pong", DataType::kInt, std::int64_t{0})
                  .on_change({"Ping"}, "A", "attributes.set('Pong', attributes.get('Pong') + 1)")
                  .on_change({"Pong"}, "B", "attributes.set('Ping', attributes.get('Ping') + 1)"));
  REQUIRE(stage.write("Ping", std::int64_t{1}));
  stage.world.run_for(1s);
  const auto runs = stage.instance->tally().script_runs;
  CHECK(runs > 10);
  CHECK(runs <= 202);
}

TEST_CASE("a script sees value, quality and source time") {
  Stage stage(station().every(1s, "Look", R"(
      local value, quality, time = attributes.get('Level')
      attributes.set('Out', tostring(value) .. ' ' .. quality .. ' ' .. time))"));
  stage.show("40001", 1.5);
  stage.world.run_for(1s);
  CHECK(out_of(stage) == "1.5 Good 2027-01-15T08:00:00.000000Z");
  stage.show("40001", std::monostate{}, Quality::kBadCommunicationError);
  stage.world.run_for(1s);
  CHECK(out_of(stage) == "1.5 Bad_CommunicationError 2027-01-15T08:00:00.000000Z");
}

TEST_CASE("a script knows its instance and area") {
  Stage stage(station().every(1s, "Say", "attributes.set('Out', instance.area() .. ':' .. instance.name())"));
  stage.world.run_for(1s);
  CHECK(out_of(stage) == "plant/intake:pump-1");
}

TEST_CASE("setting a bound attribute waits for the device, and raises what it says") {
  Stage stage(station().every(1s, "Drive", R"(
      local ok, message = pcall(attributes.set, 'Speed', 1500)
      attributes.set('Out', tostring(ok) .. ' ' .. tostring(message)))"));
  stage.world.run_for(1s);
  CHECK(stage.device->writes.size() == 1);
  CHECK(out_of(stage) == "true nil");
  stage.device->answer = fail(ErrorCode::kInvalid, "the device refused 1500");
  stage.world.run_for(1s);
  CHECK(out_of(stage).find("false") == 0);
  CHECK(out_of(stage).find("the device refused 1500") != std::string::npos);
}

TEST_CASE("a device that never answers holds up its script and nothing else") {
  Stage stage(station().every(1s, "Drive", "attributes.set('Speed', 1500)").every(1s, "Tick", kCount));
  stage.device->answers = false;
  stage.world.run_for(10s);
  CHECK(stage.device->writes.size() == 1);
  CHECK(count_of(stage) == 10);
}

TEST_CASE("the names in a slot's script are those of the slot and never leave it") {
  Stage stage(station()
                  .local("Pump1.Count", DataType::kInt, std::int64_t{100})
                  .local("Pump1.Out", DataType::kString, std::string())
                  .every(1s, "Pump1.Tick",
                         "attributes.set('Count', attributes.get('Count') + 1); scripts.call('Note')")
                  .on_call("Pump1.Note", "attributes.set('Out', 'of the pump')")
                  .on_call("Note", "attributes.set('Out', 'of the root')"));
  stage.world.run_for(1s);
  CHECK(stage.value("Pump1.Count") == Value(std::int64_t{101}));
  CHECK(count_of(stage) == 0);
  CHECK(stage.value("Pump1.Out") == Value(std::string("of the pump")));
  CHECK(out_of(stage) != "of the root");
}

TEST_CASE("an unknown name says where it was looked for") {
  Stage stage(
      station().every(1s, "Pump1.A", "attributes.get('Depth')").every(1s, "B", "scripts.call('Nobody')"));
  stage.world.run_for(1s);
  const auto told = stage.messages(Category::kScript);
  REQUIRE(told.size() == 2);
  CHECK(told[0].find("there is no script named Nobody here") != std::string::npos);
  CHECK(told[1].find("there is no attribute named Depth in Pump1") != std::string::npos);
}

TEST_CASE("a call waits for the called run, passes values both ways, and raises its failure") {
  Stage stage(station()
                  .on_call("Add", "local a, b = ...; sleep(0.5); return a + b, 'sum'")
                  .on_call("Fail", "error('broken')")
                  .every(10s, "Ask", R"(
                      local sum, word = scripts.call('Add', 2, 3)
                      local ok, message = pcall(scripts.call, 'Fail')
                      attributes.set('Out', sum .. word .. tostring(ok) .. ' ' .. message))"));
  stage.world.run_for(10400ms);
  CHECK(out_of(stage).empty());
  stage.world.run_for(200ms);
  CHECK(out_of(stage).find("5sumfalse ") == 0);
  CHECK(out_of(stage).find("broken") != std::string::npos);
}

TEST_CASE("calls in a circle are refused, whoever begins") {
  Stage stage(station()
                  .every(1s, "A", "sleep(0.1); scripts.call('B')")
                  .every(1s, "B", "sleep(0.2); scripts.call('C')")
                  .every(1s, "C", "sleep(0.3); scripts.call('A')")
                  .every(1s, "Self", "scripts.call('Self')"));
  stage.world.run_for(1500ms);
  const auto told = stage.messages(Category::kScript);
  REQUIRE(told.size() >= 2);
  CHECK(told[0].find("Self can't call Self: it waits for this very run to end") != std::string::npos);
  CHECK(told[1].find("C can't call A") != std::string::npos);
  stage.world.run_for(1min);
  CHECK(stage.instance->tally().script_runs > 60);  // nothing is stuck
}

TEST_CASE("calls nest to a depth and no further") {
  auto configured = station();
  for (int i = 0; i < 10; ++i) {
    const auto call = "scripts.call('S" + std::to_string(i + 1) + "'); " + kCount;
    configured.on_call("S" + std::to_string(i), call);
  }
  configured.on_call("S10", kCount).every(1s, "Start", "scripts.call('S0')");
  Stage stage(configured);
  stage.world.run_for(1s);
  CHECK(count_of(stage) == 0);
  CHECK(stage.messages(Category::kScript).at(0).find("nested more than 8 deep") != std::string::npos);
}

TEST_CASE("several callers of one script take their turns") {
  auto configured = station().on_call("Shared", std::string("sleep(0.1); ") + kCount);
  for (int i = 0; i < 5; ++i) configured.every(1s, "C" + std::to_string(i), "scripts.call('Shared')");
  Stage stage(configured);
  stage.world.run_for(1450ms);
  CHECK(count_of(stage) == 4);
  stage.world.run_for(100ms);
  CHECK(count_of(stage) == 5);
}

TEST_CASE("a failing script is told with line and stack, is counted, and hurts only itself") {
  Stage stage(station()
                  .every(100ms, "Bad", "local function inner()\n  error('no water')\nend\ninner()")
                  .every(100ms, "Good", kCount));
  stage.world.run_for(10s);
  CHECK(count_of(stage) == 100);
  CHECK(stage.instance->tally().script_errors == 100);
  REQUIRE(stage.events.size() == 3);
  const auto& event = stage.events[0];
  CHECK(event.category == Category::kScript);
  CHECK(event.severity == Severity::kError);
  CHECK(event.source == "scripts/Bad");
  CHECK(event.message == "Bad:2: no water");
  CHECK(event.details.find("\"where\":\"Bad:2\"") != std::string::npos);
  CHECK(event.details.find("inner") != std::string::npos);
  stage.world.run_for(1min);
  REQUIRE(stage.events.size() == 4);
  CHECK(stage.events[3].message.find("Bad:2: no water (repeated ") == 0);
}

TEST_CASE("a script that loops or eats memory is ended, and runs again at its next trigger") {
  const auto source = GENERATE(
      "while true do end", "local t = {}; for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end",
      "return ('a'):rep(200):find(('a*'):rep(20) .. 'b')", "while true do pcall(error, 'caught') end");
  Stage stage(station().every(1s, "Bad", source).every(1s, "Good", kCount));
  stage.world.run_for(3s);
  CHECK(count_of(stage) == 3);
  CHECK(stage.instance->tally().script_errors == 3);
}

TEST_CASE("what scripts log becomes events, bounded") {
  Stage stage(station().every(1s, "Talk", R"(
      log.debug('d'); log.info('level', 1.5, true); log.warn('w'); log.error('e'); print('p'))"));
  stage.world.run_for(1s);
  REQUIRE(stage.events.size() == 5);
  CHECK(stage.events[0].severity == Severity::kDebug);
  CHECK(stage.events[1].message == "level 1.5 true");
  CHECK(stage.events[2].severity == Severity::kWarning);
  CHECK(stage.events[3].severity == Severity::kError);
  CHECK(stage.events[4].message == "p");

  Stage loud(station().every(1s, "Shout", "for i = 1, 1000 do log.info('line ' .. i) end"));
  loud.world.run_for(10s);
  CHECK(loud.events.size() < 80);
}

TEST_CASE("wrong arguments are errors at the line of the call") {
  const auto [source, message] = GENERATE(table<std::string, std::string>({
      {"attributes.get()", "attributes.get takes the name of an attribute"},
      {"attributes.get({})", ""},
      {"attributes.set('Count')", "attributes.set takes the name of an attribute and a value"},
      {"attributes.set('Count', 'five')", "is not of type int"},
      {"attributes.set('Level', 1)", "Level is read-only"},
      {"scripts.call(7)", "scripts.call takes the name of a script"},
      {"sleep(-1)", "sleep takes seconds"},
      {"sleep(0/0)", "sleep takes seconds"},
      {"sleep('x')", "sleep takes seconds"},
      {"sleep(1e300)", "sleep takes seconds"},
  }));
  Stage stage(station().every(1s, "Wrong", "\n" + source));
  stage.world.run_for(1s);
  REQUIRE(stage.events.size() == 1);
  CHECK(stage.events[0].message.find("Wrong:2") == 0);
  CHECK(stage.events[0].message.find(message) != std::string::npos);
}

TEST_CASE("disabled, scripts give up their runs; enabled, they begin anew") {
  Stage stage(station().every(1s, "Tick", std::string("sleep(0.5); ") + kCount));
  stage.world.run_for(1200ms);
  stage.on_strand([&] { stage.instance->disable(); });
  stage.world.run_for(1h);
  CHECK(count_of(stage) == 0);
  CHECK(stage.events.empty());
  stage.on_strand([&] { stage.instance->enable(); });
  stage.world.run_for(1500ms);
  CHECK(count_of(stage) == 1);
}

TEST_CASE("what a run has still to close can do no harm to an instance that stops") {
  Stage stage(station().on_call("Other", kCount).every(1s, "Hold", R"(
      local guard <close> = setmetatable({}, {__close = function()
        pcall(attributes.set, 'Count', 7)
        pcall(attributes.set, 'Speed', 7)
        pcall(scripts.call, 'Other')
        pcall(sleep, 1)
      end})
      sleep(100))"));
  stage.world.run_for(2s);
  stage.on_strand([&] { stage.instance->stop(); });
  stage.world.run_for(1h);
  CHECK(count_of(stage) == 0);
  CHECK(stage.device->writes.empty());
}

TEST_CASE("scripts have the functions that central knows of, and no others") {
  VirtualTime world;
  const auto strand = world.executor();
  const Speaker speaker{*strand, "pump", [](const Event&) {}};
  const auto config = Configured().every(1s, "Tick", "").config();
  Saver saver(speaker, [](const Kept&) {});
  auto links = FieldLinks::open(config, [](const Connection&) { return std::make_shared<FakeDevice>(); });
  REQUIRE(links);
  Attributes attributes(config, std::move(*links), *strand, saver, [](std::size_t, bool) {});
  const Ask ask = [](const Asked&, const Answered&) {};
  const Scripts scripts(config, attributes, speaker, ask);
  ScriptRunner self(config.scripts.front(), speaker);
  Voice log(speaker, Category::kScript, kLogRate);
  const auto library = script_library({config, attributes, scripts, self, log, ask});
  for (const auto& function : lua::kApi) {
    INFO(function.name);
    CHECK(library->functions().contains(std::string(function.name)));
  }
  for (const auto& [name, function] : library->functions()) {
    INFO(name);
    CHECK(std::ranges::find(lua::kApi, name, &lua::ApiFunction::name) != lua::kApi.end());
  }
}
