#include "common/base/bounded_queue.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <thread>

using namespace fieldline;

TEST_CASE("a full queue refuses and leaves the item with its owner") {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  auto first = std::make_unique<int>(1);
  auto second = std::make_unique<int>(2);
  CHECK(queue.try_push(first));
  CHECK_FALSE(queue.try_push(second));
  REQUIRE(second);
  CHECK(*second == 2);
}

TEST_CASE("a closed queue hands out what waits, then ends") {
  BoundedQueue<int> queue(4);
  int item = 7;
  REQUIRE(queue.try_push(item));
  queue.close();
  CHECK_FALSE(queue.try_push(item));
  CHECK(queue.pop() == 7);
  CHECK_FALSE(queue.pop());
}

TEST_CASE("every item pushed by one thread is popped by another, in order") {
  BoundedQueue<int> queue(3);
  std::thread producer([&] {
    for (int i = 0; i < 1000; ++i) {
      int item = i;
      while (!queue.try_push(item)) std::this_thread::yield();
    }
    queue.close();
  });
  int expected = 0;
  while (const auto item = queue.pop()) CHECK(*item == expected++);
  producer.join();
  CHECK(expected == 1000);
}
