#include "agent/connections/feed.hpp"

#include <catch2/catch.hpp>
#include <optional>

#include "common/base/virtual_time.hpp"

using namespace fieldline;
using namespace fieldline::connections;
using namespace std::chrono_literals;

namespace {

struct Subscribed {
  VirtualTime time;
  std::unique_ptr<Executor> strand = time.executor();
  std::vector<Batch> batches;
  std::shared_ptr<Feed> feed =
      std::make_shared<Feed>(std::vector<Point>{{10, "a"}, {20, "b"}}, *strand,
                             [this](const Batch& batch) { batches.push_back(batch); });

  void run() { time.run_for(1s); }
  [[nodiscard]] Timestamp now() const { return time.clock().utc(); }
};

}  // namespace

TEST_CASE("the first batch has every point, the next ones only what changed") {
  Subscribed s;
  s.feed->flush();
  s.run();
  REQUIRE(s.batches.size() == 1);
  CHECK(s.batches[0].size() == 2);
  CHECK(s.batches[0][0].sample.quality == Quality::kBadWaitingForInitialData);

  s.feed->good(1, 5.0, s.now());
  s.feed->flush();
  s.run();
  REQUIRE(s.batches.size() == 2);
  REQUIRE(s.batches[1].size() == 1);
  CHECK(s.batches[1][0].id == 20);
  CHECK(s.batches[1][0].sample == Sample{Quality::kGood, s.now() - 1s, s.now() - 1s, 5.0});

  s.feed->good(1, 5.0, s.now());
  s.feed->flush();
  s.run();
  CHECK(s.batches.size() == 2);
}

TEST_CASE("a slow subscriber gets the newest state, not the history") {
  Subscribed s;
  for (int i = 0; i < 1000; ++i) {
    s.feed->good(0, static_cast<double>(i), s.now());
    s.feed->flush();
  }
  s.run();
  REQUIRE(s.batches.size() == 1);
  CHECK(s.batches[0][0].sample.value == Value(999.0));
}

TEST_CASE("a point that turns bad keeps its last value and the time of it") {
  Subscribed s;
  const auto good_at = s.now();
  s.feed->good(0, 5.0, good_at);
  s.run();
  s.feed->bad(0, Quality::kBadCommunicationError, s.now());
  s.feed->flush();
  s.run();
  CHECK(s.batches.back()[0].sample == Sample{Quality::kBadCommunicationError, s.now() - 1s, good_at, 5.0});
}

TEST_CASE("after it is closed a feed neither delivers nor answers, even what was posted before") {
  Subscribed s;
  std::optional<Result<>> answer;
  s.feed->flush();
  s.feed->answer([&](Result<> result) { answer = result; }, {});
  s.feed->close();
  s.strand.reset();  // nothing may touch it from here on
  s.feed->good(0, 1.0, s.now());
  s.feed->flush();
  s.feed->answer([&](Result<> result) { answer = result; }, {});
  s.run();
  CHECK(s.batches.empty());
  CHECK_FALSE(answer);
}

TEST_CASE("a refreshed feed sends every point with its newest server time") {
  Subscribed s;
  s.feed->good(0, 5.0, s.now());
  s.feed->flush();
  s.run();
  const auto confirmed = s.now();
  s.feed->good(0, 5.0, confirmed);
  s.feed->touch_all();
  s.feed->flush();
  s.run();
  REQUIRE(s.batches.size() == 2);
  CHECK(s.batches[1].size() == 2);
  CHECK(s.batches[1][0].sample.server_time == confirmed);
  CHECK(s.batches[1][0].sample.source_time == confirmed - 1s);
}
