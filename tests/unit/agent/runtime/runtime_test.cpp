#include "agent/runtime/runtime.hpp"

#include <catch2/catch.hpp>

#include "agent/connections/connections.hpp"
#include "tests/unit/agent/runtime/world.hpp"

using namespace fieldline;
using namespace fieldline::runtime;
using namespace std::chrono_literals;

namespace {

// A node's runtime in a virtual world, with a simulator for a field.
class Node {
 public:
  ~Node() { runtime.reset(); }

  template <class T>
  T await(const std::function<void(std::function<void(T)>)>& ask) {
    std::optional<T> answer;
    ask([&](T value) { answer = std::move(value); });
    REQUIRE(world.run_until([&] { return answer.has_value(); }, 1min));
    return std::move(*answer);
  }

  Compiled compile(const Configured& configured) {
    auto compiled =
        await<Result<Compiled>>([&](auto reply) { runtime->compile(configured.config(), std::move(reply)); });
    REQUIRE(compiled);
    return *compiled;
  }
  Result<> swap(const Compiled& compiled, bool enabled = true) {
    return await<Result<>>([&](auto done) { runtime->swap(compiled, enabled, std::move(done)); });
  }
  Result<> deploy(const Configured& configured, bool enabled = true) {
    return swap(compile(configured), enabled);
  }
  Result<> disable(const std::string& instance) {
    return await<Result<>>([&](auto done) { runtime->disable(instance, std::move(done)); });
  }
  Result<> enable(const std::string& instance) {
    return await<Result<>>([&](auto done) { runtime->enable(instance, std::move(done)); });
  }
  Result<> remove(const std::string& instance) {
    return await<Result<>>([&](auto done) { runtime->remove(instance, std::move(done)); });
  }
  Result<> write(const std::string& instance, const std::string& attribute, const Value& value) {
    return await<Result<>>([&](auto done) { runtime->write(instance, attribute, value, std::move(done)); });
  }
  Sample sample(const std::string& instance, const std::string& attribute) {
    const auto values = await<std::optional<std::vector<AttributeValue>>>(
        [&](auto reply) { runtime->values(instance, std::move(reply)); });
    REQUIRE(values);
    for (const auto& [name, sample] : *values) {
      if (name == attribute) return sample;
    }
    FAIL("no attribute " << attribute);
    return {};
  }
  std::vector<AlarmStatus> alarms() {
    return await<std::vector<AlarmStatus>>([&](auto reply) { runtime->alarms(std::move(reply)); });
  }
  Tally tally() {
    return await<Tally>([&](auto reply) { runtime->tally(std::move(reply)); });
  }
  void stop() {
    bool stopped = false;
    runtime->stop([&] { stopped = true; });
    REQUIRE(world.run_until([&] { return stopped; }, 1min));
  }
  void suspend() {
    bool suspended = false;
    runtime->suspend([&] { suspended = true; });
    REQUIRE(world.run_until([&] { return suspended; }, 1min));
  }
  void restart() {
    stop();
    runtime.reset();
    start();
  }
  void start() {
    runtime = std::make_unique<Runtime>(
        Runtime::Surroundings{*loop, strands, *compiler, connections, keeper, others,
                              [this](Event event) { events.push_back(std::move(event)); }});
  }

  VirtualTime world;
  std::unique_ptr<Executor> loop = world.executor();
  std::unique_ptr<Worker> compiler = world.worker();
  VirtualStrands strands{world};
  connections::Connections connections{*loop, Random(1), [](const ConnectionHealth&) {}};
  MemoryKeeper keeper;
  OtherSystems others;
  std::vector<Event> events;
  std::unique_ptr<Runtime> runtime;
};

struct Running : Node {
  Running() { start(); }
};

Configured pump(const std::string& instance = "pump-1") {
  return Configured(instance)
      .connection("plc")
      .bound("Level", DataType::kFloat, "memory:" + instance + "-level")
      .local("Setpoint", DataType::kFloat, 50.0, true)
      .local("Count", DataType::kInt, std::int64_t{0})
      .high_alarm("High", "Level", 80)
      .every(1s, "Tick", "attributes.set('Count', attributes.get('Count') + 1)");
}

}  // namespace

TEST_CASE("a configuration is compiled, swapped in, and runs") {
  Running node;
  REQUIRE(node.deploy(pump()));
  CHECK(node.runtime->size() == 1);
  REQUIRE(node.write("pump-1", "Level", 85.0));
  node.world.run_for(10s);
  CHECK(node.sample("pump-1", "Level").value == Value(85.0));
  CHECK(node.sample("pump-1", "Count").value == Value(std::int64_t{10}));
  REQUIRE(node.alarms().size() == 1);
  CHECK(node.alarms()[0].instance == "pump-1");
  const auto tally = node.tally();
  CHECK(tally.instances == 1);
  CHECK(tally.active_alarms == 1);
  CHECK(tally.tags_good == 1);
  CHECK(tally.script_runs == 10);
}

TEST_CASE("what does not compile is refused with a finding for each script") {
  Running node;
  const auto config = pump().on_call("Bad", "local x =\n\n=").on_call("Worse", "end").config();
  const auto compiled =
      node.await<Result<Compiled>>([&](auto reply) { node.runtime->compile(config, std::move(reply)); });
  REQUIRE_FALSE(compiled);
  CHECK(compiled.error().code == ErrorCode::kInvalid);
  REQUIRE(compiled.error().findings.size() == 2);
  CHECK(compiled.error().findings[0].code == "lua-syntax");
  CHECK(compiled.error().findings[0].path == "scripts/Bad:3");
  CHECK(compiled.error().findings[1].path == "scripts/Worse:1");
  CHECK(node.runtime->size() == 0);
}

TEST_CASE("a configuration that breaks a rule is refused before it is compiled") {
  Running node;
  auto config = pump().config();
  config.alarms[0].attribute = "Nothing";
  const auto compiled =
      node.await<Result<Compiled>>([&](auto reply) { node.runtime->compile(config, std::move(reply)); });
  REQUIRE_FALSE(compiled);
  CHECK(compiled.error().where == "alarms/High");
}

TEST_CASE("a redeploy keeps values, alarms and counters") {
  Running node;
  REQUIRE(node.deploy(pump()));
  REQUIRE(node.write("pump-1", "Level", 85.0));
  REQUIRE(node.write("pump-1", "Setpoint", 72.25));
  node.world.run_for(5s);
  const auto occurrence = node.alarms().at(0).occurrence;

  REQUIRE(node.deploy(pump().constant("Height", DataType::kFloat, 4.5)));
  CHECK(node.runtime->size() == 1);
  CHECK(node.sample("pump-1", "Setpoint").value == Value(72.25));
  CHECK(node.sample("pump-1", "Count").value == Value(std::int64_t{5}));
  CHECK(node.sample("pump-1", "Height").value == Value(4.5));
  CHECK(node.alarms().at(0).occurrence == occurrence);
  node.world.run_for(5s);
  CHECK(node.sample("pump-1", "Count").value == Value(std::int64_t{10}));
  CHECK(node.tally().script_runs == 10);
}

TEST_CASE("when a swap fails the old instance goes on untouched") {
  Running node;
  REQUIRE(node.deploy(pump()));
  node.world.run_for(3s);
  const auto broken =
      Configured("pump-1")
          .attribute({.address = "40001", .connection = "plc", .name = "Level", .unit = "", .value = {}})
          .connection("plc", Protocol::kModbusTcp);  // without an endpoint
  const auto swapped = node.deploy(broken);
  REQUIRE_FALSE(swapped);
  CHECK(swapped.error().code == ErrorCode::kInvalid);
  node.world.run_for(3s);
  CHECK(node.sample("pump-1", "Count").value == Value(std::int64_t{6}));
  CHECK(node.deploy(pump()));
}

TEST_CASE("a first start that fails leaves nothing behind") {
  Running node;
  node.keeper.broken = true;
  const auto started = node.deploy(pump());
  REQUIRE_FALSE(started);
  CHECK(started.error().code == ErrorCode::kIo);
  CHECK(node.runtime->size() == 0);
  node.keeper.broken = false;
  CHECK(node.deploy(pump()));
}

TEST_CASE("a second change of an instance during the first is refused") {
  Running node;
  const auto compiled = node.compile(pump());
  std::vector<std::string> answers;
  const auto answer = [&](Result<> outcome) {
    answers.emplace_back(outcome ? "done" : name(outcome.error().code));
  };
  node.runtime->swap(compiled, true, answer);
  node.runtime->swap(compiled, true, answer);
  node.runtime->disable("pump-1", answer);
  node.runtime->remove("pump-1", answer);
  CHECK(answers.empty());  // never inside the call
  node.world.run_for(1s);
  CHECK(answers == std::vector<std::string>{"conflict", "conflict", "conflict", "done"});
  CHECK(node.disable("pump-1"));
}

TEST_CASE("disable and enable; an instance stays disabled through a redeploy that says so") {
  Running node;
  CHECK(node.disable("pump-1").error().code == ErrorCode::kNotFound);
  CHECK(node.enable("pump-1").error().code == ErrorCode::kNotFound);
  REQUIRE(node.deploy(pump()));
  REQUIRE(node.write("pump-1", "Level", 85.0));
  node.world.run_for(2s);
  REQUIRE(node.disable("pump-1"));
  REQUIRE(node.disable("pump-1"));
  node.world.run_for(1min);
  CHECK(node.sample("pump-1", "Level").quality == Quality::kBadOutOfService);
  CHECK(node.sample("pump-1", "Count").value == Value(std::int64_t{2}));
  CHECK(node.alarms().empty());
  CHECK(node.tally().instances == 0);

  REQUIRE(node.deploy(pump(), false));
  node.world.run_for(1min);
  CHECK(node.sample("pump-1", "Count").value == Value(std::int64_t{2}));
  REQUIRE(node.enable("pump-1"));
  node.world.run_for(2s);
  CHECK(node.sample("pump-1", "Count").value == Value(std::int64_t{4}));
  CHECK(node.alarms().size() == 1);
}

TEST_CASE("a removed instance is gone with all that was kept of it") {
  Running node;
  CHECK(node.remove("pump-1"));
  REQUIRE(node.deploy(pump()));
  REQUIRE(node.write("pump-1", "Setpoint", 72.25));
  node.world.run_for(3s);
  REQUIRE(node.keeper.kept.contains("pump-1"));
  REQUIRE(node.remove("pump-1"));
  CHECK(node.runtime->size() == 0);
  CHECK(node.keeper.kept.empty());
  CHECK(node.tally().script_runs == 3);
  const auto values = node.await<std::optional<std::vector<AttributeValue>>>(
      [&](auto reply) { node.runtime->values("pump-1", std::move(reply)); });
  CHECK_FALSE(values);
  CHECK(node.write("pump-1", "Setpoint", 1.0).error().code == ErrorCode::kNotFound);
}

TEST_CASE("an instance that can't be forgotten is removed by asking again") {
  Running node;
  REQUIRE(node.deploy(pump()));
  node.keeper.broken = true;
  CHECK(node.remove("pump-1").error().code == ErrorCode::kIo);
  CHECK(node.runtime->size() == 0);
  node.keeper.broken = false;
  CHECK(node.remove("pump-1"));
}

TEST_CASE("retained values and alarms are found again after a restart") {
  Running node;
  REQUIRE(node.deploy(pump()));
  REQUIRE(node.write("pump-1", "Level", 85.0));
  REQUIRE(node.write("pump-1", "Setpoint", 72.25));
  node.world.run_for(1s);
  const auto occurrence = node.alarms().at(0).occurrence;
  node.restart();
  CHECK(node.runtime->size() == 0);
  REQUIRE(node.deploy(pump()));
  CHECK(node.sample("pump-1", "Setpoint").value == Value(72.25));
  CHECK(node.sample("pump-1", "Setpoint").quality == Quality::kUncertainLastUsableValue);
  CHECK(node.alarms().at(0).occurrence == occurrence);
}

TEST_CASE("stopping waits for changes under way and for what is not saved yet") {
  Running node;
  REQUIRE(node.deploy(pump("pump-1")));
  node.runtime->write("pump-1", "Setpoint", 72.25, [](const Result<>&) {});
  node.runtime->swap(node.compile(pump("pump-2")), true, [](const Result<>&) {});
  node.stop();
  CHECK(node.runtime->size() == 0);
  CHECK(node.keeper.kept["pump-1"].contains("values/Setpoint"));
  CHECK(node.swap(*Compiled::compile(pump().config())).error().code == ErrorCode::kUnavailable);
}

TEST_CASE("a runtime is suspended and resumed any number of times, and what is retained stays") {
  Running node;
  const auto retained =
      Configured("tank").local("Setpoint", DataType::kFloat, 1.0, true).every(1s, "Fail", "error('x')");
  const auto compiled = node.compile(retained);
  for (int i = 1; i <= 3; ++i) {
    REQUIRE(node.swap(compiled));
    if (i > 1) CHECK(node.sample("tank", "Setpoint").value == Value(10.0 * (i - 1)));
    REQUIRE(node.write("tank", "Setpoint", 10.0 * i));
    node.world.run_for(2500ms);
    node.suspend();
    CHECK(node.runtime->size() == 0);
    CHECK(node.tally().instances == 0);
    CHECK(node.tally().script_errors == 2 * i);
    CHECK(node.swap(compiled).error().code == ErrorCode::kUnavailable);
    node.runtime->resume();
  }
}

TEST_CASE(
    "an instance that is swapped in while the runtime is suspended ends, and one can still be removed") {
  Running node;
  REQUIRE(node.deploy(pump()));
  const auto other = node.compile(pump("pump-2"));
  node.runtime->swap(other, true, [](const Result<>&) {});
  node.suspend();
  CHECK(node.runtime->size() == 0);
  CHECK(node.remove("pump-1"));
  CHECK_FALSE(node.keeper.kept.contains("pump-1"));
  node.suspend();
  node.stop();
}

TEST_CASE("an instance whose scripts loop and fail costs its neighbours nothing") {
  Running node;
  REQUIRE(node.deploy(
      Configured("bad")
          .every(100ms, "Loop", "while true do end")
          .every(100ms, "Eat", "local t = {}; for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end")));
  REQUIRE(node.deploy(pump()));
  node.world.run_for(3s);
  CHECK(node.sample("pump-1", "Count").value == Value(std::int64_t{3}));
  CHECK(node.tally().script_errors == 60);
  CHECK(node.events.size() < 10);
}

TEST_CASE("alarms of all instances come in order, and are acknowledged where they are") {
  Running node;
  for (const auto* name : {"pump-3", "pump-1", "pump-2"}) {
    REQUIRE(node.deploy(pump(name)));
    REQUIRE(node.write(name, "Level", 85.0));
  }
  node.world.run_for(1s);
  const auto alarms = node.alarms();
  REQUIRE(alarms.size() == 3);
  CHECK(alarms[0].instance == "pump-1");
  CHECK(alarms[2].instance == "pump-3");
  const auto acknowledge = [&](const std::string& instance, const std::string& occurrence) {
    return node.await<Result<>>(
        [&](auto done) { node.runtime->acknowledge(instance, "High", occurrence, std::move(done)); });
  };
  CHECK(acknowledge("pump-2", alarms[1].occurrence));
  CHECK(acknowledge("pump-9", alarms[1].occurrence).error().code == ErrorCode::kNotFound);
  CHECK(acknowledge("pump-1", "7").error().code == ErrorCode::kPreconditionFailed);
  CHECK(node.alarms()[1].acked);
  CHECK_FALSE(node.alarms()[0].acked);
}

TEST_CASE("a node without instances answers too") {
  Running node;
  CHECK(node.alarms().empty());
  CHECK(node.tally().instances == 0);
  node.stop();
}

TEST_CASE("a runtime that is gone answers nothing") {
  Running node;
  REQUIRE(node.deploy(pump()));
  bool answered = false;
  node.runtime->alarms([&](const auto&) { answered = true; });
  node.runtime->compile(pump().config(), [&](const auto&) { answered = true; });
  node.runtime->disable("pump-1", [&](const auto&) { answered = true; });
  node.runtime.reset();
  node.world.run_for(1min);
  CHECK_FALSE(answered);
}

TEST_CASE("what other systems answer reaches the instance that asked, and nobody once it has gone") {
  Running node;
  node.others.answers = false;
  REQUIRE(node.deploy(Configured()
                          .local("Out", DataType::kString, std::string())
                          .every(1s, "Ask", "attributes.set('Out', external.call('erp').body)")));
  node.world.run_for(1500ms);
  REQUIRE(node.others.open.size() == 1);
  node.loop->post([&] { node.others.open.back()(Json{{"body", "here"}}); });
  node.world.run_for(100ms);
  CHECK(node.sample("pump-1", "Out").value == Value(std::string("here")));
  node.world.run_for(1s);
  REQUIRE(node.others.open.size() == 2);
  REQUIRE(node.deploy(Configured().local("Out", DataType::kString, std::string("new"))));
  node.loop->post([&] { node.others.open.back()(Json{{"body", "late"}}); });
  node.world.run_for(1s);
  CHECK(node.sample("pump-1", "Out").value == Value(std::string("new")));
  node.restart();
  node.loop->post([&] { node.others.open.back()(Json{{"body", "later still"}}); });
  node.world.run_for(1s);
}
