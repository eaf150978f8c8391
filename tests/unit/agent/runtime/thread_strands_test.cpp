#include "agent/runtime/thread_strands.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <mutex>
#include <thread>

#include "agent/connections/connections.hpp"
#include "agent/runtime/runtime.hpp"
#include "tests/unit/agent/runtime/world.hpp"

using namespace fieldline;
using namespace fieldline::runtime;
using namespace std::chrono_literals;

namespace {

// Waits until `holds`, or fails the test after a time that is far more than it takes.
void require_soon(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!holds()) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::sleep_for(1ms);
  }
}

}  // namespace

TEST_CASE("tasks of a strand run one after the other, in order, on its threads") {
  ThreadStrands strands(4);
  const auto strand = strands.make();
  constexpr int kTasks = 10'000;
  int last = -1;  // without a lock: the strand is what guards it
  std::atomic<int> done = 0;
  bool in_order = true;
  for (int i = 0; i < kTasks; ++i) {
    strand->post([&, i] {
      in_order = in_order && strand->here() && last == i - 1;
      last = i;
      ++done;
    });
  }
  require_soon([&] { return done == kTasks; });
  strands.join();
  CHECK(in_order);
  CHECK_FALSE(strand->here());
}

TEST_CASE("a timer of a strand fires once, and not after it was cancelled on the strand") {
  ThreadStrands strands(2);
  const auto strand = strands.make();
  std::atomic<int> fired = 0;
  std::atomic<int> cancelled_fired = 0;
  std::atomic<bool> cancelled = false;
  strand->post([&] {
    for (int i = 0; i < 100; ++i) {
      const auto timer = strand->after(Duration(i * 10), [&] { ++cancelled_fired; });
      if (i % 2 == 0) std::this_thread::yield();
      strand->cancel(timer);
    }
    cancelled = true;
  });
  for (int i = 0; i < 100; ++i) strand->after(1ms, [&] { ++fired; });
  require_soon([&] { return cancelled && fired == 100; });
  strands.join();
  CHECK(fired == 100);
  CHECK(cancelled_fired == 0);
}

TEST_CASE("what waits on a strand that is gone never runs") {
  ThreadStrands strands(1);
  auto gone = strands.make();
  const auto other = strands.make();
  std::promise<void> opened;
  auto gate = opened.get_future().share();
  std::atomic<bool> began = false;
  std::atomic<bool> ran = false;
  other->post([&, gate] {
    began = true;
    gate.wait();
  });
  require_soon([&] { return began.load(); });
  gone->post([&] { ran = true; });
  gone->after(0s, [&] { ran = true; });
  gone.reset();
  std::atomic<bool> after = false;
  opened.set_value();
  other->post([&] { after = true; });
  require_soon([&] { return after.load(); });
  CHECK_FALSE(ran);
}

TEST_CASE("many instances deploy, run, redeploy and go on real threads") {
  constexpr int kInstancesHere = 60;
  ThreadStrands loop_thread(1);  // stands for the agent's loop
  const auto loop = loop_thread.make();
  ThreadStrands strands(4);
  ThreadWorker compiler("compile", 1, 1000);
  connections::Connections connections(*loop, Random(1), [](const ConnectionHealth&) {});
  MemoryKeeper keeper;
  OtherSystems others;
  std::atomic<int> events = 0;
  std::unique_ptr<Runtime> runtime;
  const auto on_loop = [&](const std::function<void()>& act) {
    std::promise<void> acted;
    loop->post([&] {
      act();
      acted.set_value();
    });
    acted.get_future().get();
  };
  on_loop([&] {
    runtime = std::make_unique<Runtime>(Runtime::Surroundings{*loop, strands, compiler, connections, keeper,
                                                              others, [&](const Event&) { ++events; }});
  });

  const auto configured = [](int i) {
    return Configured("pump-" + std::to_string(i))
        .connection("plc")
        .bound("Wave", DataType::kFloat, "sine:period=1s:min=0:max=100")
        .bound("Cell", DataType::kFloat, "memory:cell-" + std::to_string(i))
        .local("Count", DataType::kInt, std::int64_t{0}, true)
        .high_alarm("High", "Wave", 50)
        .on_change({"Wave"}, "Watch", "scripts.call('Work', attributes.get('Wave'))")
        .on_call(
            "Work",
            "attributes.set('Cell', ...); sleep(0.001); attributes.set('Count', attributes.get('Count') + 1)")
        .every(20ms, "Bad", "error('again')")
        .every(50ms, "Loop", "if instance.name() == 'pump-0' then while true do end end");
  };
  std::atomic<int> done = 0;
  std::atomic<int> failed = 0;
  const auto settled = [&](const Result<>& outcome) { ++(outcome ? done : failed); };
  for (int round = 0; round < 3; ++round) {
    done = 0;
    for (int i = 0; i < kInstancesHere; ++i) {
      loop->post([&, i] {
        runtime->compile(configured(i).config(), [&](Result<Compiled> compiled) {
          if (compiled) return runtime->swap(*compiled, true, settled);
          ++failed;
        });
      });
    }
    require_soon([&] { return done + failed >= kInstancesHere; });
  }
  CHECK(failed == 0);

  std::atomic<std::int64_t> runs = 0;
  std::atomic<std::int64_t> errors = 0;
  require_soon([&] {
    on_loop([&] {
      runtime->tally([&](const Tally& tally) {
        runs = tally.script_runs;
        errors = tally.script_errors;
      });
      runtime->alarms([](const auto&) {});
      runtime->values("pump-1", [](const auto&) {});
    });
    return runs > 10 * kInstancesHere && errors > kInstancesHere;
  });

  done = 0;
  for (int i = 0; i < kInstancesHere; ++i) {
    const auto name = "pump-" + std::to_string(i);
    loop->post([&, i, name] {
      if (i % 3 == 0) runtime->disable(name, settled);
      if (i % 3 == 1) runtime->remove(name, settled);
      if (i % 3 == 2) runtime->write(name, "Cell", 1.0, settled);
    });
  }
  require_soon([&] { return done + failed >= kInstancesHere; });
  CHECK(failed == 0);

  std::atomic<bool> stopped = false;
  loop->post([&] { runtime->stop([&] { stopped = true; }); });
  require_soon([&] { return stopped.load(); });
  on_loop([&] {
    CHECK(runtime->size() == 0);
    runtime.reset();
  });
  CHECK(events > 0);
  strands.join();
  loop_thread.join();
}
