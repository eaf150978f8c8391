#include "common/net/loop.hpp"

#include <signal.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "common/net/descriptors.hpp"
#include "common/net/timer_queue.hpp"

using namespace fieldline;
using namespace fieldline::net;
using namespace std::chrono_literals;

TEST_CASE("tasks of each thread run in the order of posting, on the loop") {
  Loop loop;
  const int each = 10'000;
  std::vector<int> seen[2];
  bool here = true;
  const auto post_all = [&](int who) {
    for (int i = 0; i < each; ++i) {
      loop.post([&, who, i] {
        here = here && loop.here();
        seen[who].push_back(i);
      });
    }
  };
  std::thread a(post_all, 0);
  std::thread b(post_all, 1);
  CHECK(loop.run_until([&] { return seen[0].size() + seen[1].size() == 2 * each; }, 30s));
  a.join();
  b.join();
  CHECK(here);
  CHECK_FALSE(loop.here());
  for (const auto& order : seen) CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("a task that posts does not keep timers from running") {
  Loop loop;
  bool fired = false;
  Task again = [&] { loop.post(again); };
  loop.post(again);
  loop.after(1ms, [&] { fired = true; });
  CHECK(loop.run_until([&] { return fired; }, 10s));
}

TEST_CASE("timers fire in order of time, and not before it") {
  Loop loop;
  std::string order;
  const auto start = loop.clock().now();
  Instant last{};
  loop.after(20ms, [&] {
    order += 'b';
    last = loop.clock().now();
  });
  loop.after(1ms, [&] { order += 'a'; });
  CHECK(loop.run_until([&] { return order.size() == 2; }, 10s));
  CHECK(order == "ab");
  CHECK(last - start >= 20ms);
}

TEST_CASE("a cancelled timer does not fire, even when another one due at once cancels it") {
  Loop loop;
  int fired = 0;
  Executor::TimerId second = 0;
  bool done = false;
  loop.after(1ms, [&] { loop.cancel(second); });
  second = loop.after(1ms, [&] { ++fired; });
  loop.cancel(loop.after(0ms, [&] { ++fired; }));
  loop.cancel(0);
  loop.cancel(999);
  loop.after(5ms, [&] { done = true; });
  CHECK(loop.run_until([&] { return done; }, 10s));
  CHECK(fired == 0);
}

TEST_CASE("a timer set from another thread wakes a loop that sleeps") {
  Loop loop;
  std::atomic<bool> fired = false;
  std::thread thread([&] { loop.run(); });
  loop.after(1ms, [&] {
    fired = true;
    loop.stop();
  });
  thread.join();
  CHECK(fired);
}

TEST_CASE("stop ends run, from another thread or before it began") {
  Loop loop;
  std::thread thread([&] { loop.run(); });
  loop.stop();
  thread.join();
  loop.run();
  CHECK_FALSE(loop.run_until([] { return false; }, 10s));
}

TEST_CASE("a loop that was stopped ends what is under way once it is resumed") {
  Loop loop;
  loop.stop();
  loop.run();
  bool ended = false;
  loop.post([&] { ended = true; });
  CHECK_FALSE(loop.run_until([&] { return ended; }, 10s));
  loop.resume();
  CHECK(loop.run_until([&] { return ended; }, 10s));
}

TEST_CASE("a termination signal stops the loop") {
  const auto signal = GENERATE(SIGTERM, SIGINT);
  Loop loop;
  loop.stop_on_signals();
  loop.post([&] { raise(signal); });
  loop.run();
  SUCCEED();
}

TEST_CASE("run_until gives up at its limit") {
  Loop loop;
  const auto start = loop.clock().now();
  CHECK_FALSE(loop.run_until([] { return false; }, 5ms));
  CHECK(loop.clock().now() - start >= 5ms);
}

TEST_CASE("what lives on a loop may be touched from it, and by anyone while it rests") {
  Loop loop;
  CHECK(loop.may_touch());
  std::atomic<bool> running = false;
  std::thread thread([&] { loop.run(); });
  loop.post([&] { running = loop.may_touch(); });
  while (!running) std::this_thread::yield();
  CHECK_FALSE(loop.may_touch());
  loop.stop();
  thread.join();
  CHECK(loop.may_touch());
}

TEST_CASE("due tasks leave the timer queue in order, those of one instant in the order they came") {
  TimerQueue queue;
  std::string order;
  const Instant start{};
  queue.add(1, start + 2s, [&] { order += 'c'; });
  queue.add(2, start + 1s, [&] { order += 'a'; });
  queue.add(3, start + 1s, [&] { order += 'b'; });
  queue.add(4, start + 1s, [&] { order += 'x'; });
  queue.cancel(4);
  CHECK(queue.next_due() == start + 1s);
  CHECK_FALSE(queue.take_due(start).has_value());
  while (auto task = queue.take_due(start + 1s)) (*task)();
  CHECK(order == "ab");
  CHECK(queue.next_due() == start + 2s);
}

TEST_CASE("descriptors within the hard limit can be had, more is an error that says what to raise") {
  CHECK(reserve_descriptors(64).has_value());
  const auto refused = reserve_descriptors(std::size_t{1} << 40);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("LimitNOFILE") != std::string::npos);
}
