#include "coordinator/api/stream.hpp"

#include <catch2/catch.hpp>

#include "common/base/virtual_time.hpp"
#include "coordinator/api/limits.hpp"

namespace fieldline::api {
namespace {

using namespace std::chrono_literals;

struct Heard final : Outlet {
  bool write(std::shared_ptr<const std::string> bytes) override {
    if (gone) return false;
    text += *bytes;
    return true;
  }
  void close() override { gone = true; }

  std::string text;
  bool gone = false;
};

struct Caller final : Reply::Exchange {
  Caller(std::shared_ptr<Heard> outlet_, int& status_) : outlet(std::move(outlet_)), status(status_) {}
  void send(Response response) override { status = response.status; }
  std::shared_ptr<Outlet> open(Response head) override {
    status = head.status;
    return outlet;
  }

  std::shared_ptr<Heard> outlet;
  int& status;
};

struct World {
  VirtualTime time;
  std::unique_ptr<Executor> loop = time.executor();
  std::size_t open = 0;
  int status = 0;
  Stream stream{*loop, "run", [this](std::size_t now) { open = now; }};

  std::shared_ptr<Heard> listen(const std::string& topics = "", const std::string& last = "") {
    auto heard = std::make_shared<Heard>();
    stream.open(parse_topics(topics).value(), last, Reply(std::make_unique<Caller>(heard, status)));
    return heard;
  }

  void publish(Topic topic, const Json& event) {
    stream.publish(topic, [&] { return event; });
  }
};

bool contains(const std::shared_ptr<Heard>& heard, const std::string& text) {
  return heard->text.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("a listener hears its topics from now on, each event with an id") {
  World world;
  world.publish(Topic::kNode, {{"n", 1}});
  const auto nodes = world.listen("node");
  const auto all = world.listen();
  world.publish(Topic::kDeployment, {{"n", 2}});
  world.publish(Topic::kNode, {{"n", 3}});
  CHECK(nodes->text == "retry: 2000\nid: run.1\n\nid: run.3\nevent: node\ndata: {\"n\":3}\n\n");
  CHECK(contains(all, "id: run.2\nevent: deployment\ndata: {\"n\":2}\n\n"));
  CHECK(world.open == 2);
}

TEST_CASE("who comes back hears what was missed, of its topics") {
  World world;
  const auto listener = world.listen();
  for (int n = 1; n <= 4; ++n) world.publish(n % 2 == 0 ? Topic::kNode : Topic::kDeployment, {{"n", n}});
  const auto heard = world.listen("node", "run.2");
  CHECK(heard->text == "retry: 2000\nid: run.2\n\nid: run.4\nevent: node\ndata: {\"n\":4}\n\n");
}

TEST_CASE("who missed more than is kept is told to read everything anew") {
  World world;
  const auto listener = world.listen();
  for (std::size_t n = 0; n < kRingEvents + 10; ++n) world.publish(Topic::kNode, nullptr);
  const auto last = kRingEvents + 10;
  CHECK(contains(world.listen("", "run.9"), "event: reset"));
  CHECK_FALSE(contains(world.listen("", "run.10"), "event: reset"));
  for (const auto* id : {"run.99999999", "other.1", "run.", "run.x", "junk"}) {
    INFO(id);
    const auto heard = world.listen("", id);
    CHECK(contains(heard, "id: run." + std::to_string(last) + "\nevent: reset"));
  }
}

TEST_CASE("what is kept for those who come back is bounded in bytes too") {
  World world;
  const auto listener = world.listen();
  const std::string large(kRingBytes / 4, 'x');
  for (int n = 1; n <= 8; ++n) world.publish(Topic::kNode, large);
  CHECK(contains(world.listen("", "run.1"), "event: reset"));
  const auto heard = world.listen("", "run.7");
  CHECK(contains(heard, "id: run.8"));
  CHECK(heard->text.size() < ServerLimits().stream_bytes);
}

TEST_CASE("events are made and kept while somebody listens, and until the last one that left may be back") {
  World world;
  int made = 0;
  const auto publish = [&] { world.stream.publish(Topic::kNode, [&] { return Json(++made); }); };
  publish();
  CHECK(made == 0);
  const auto listener = world.listen();
  publish();  // 2
  listener->gone = true;
  world.time.run_for(kHeartbeat);
  CHECK(world.open == 0);
  world.time.run_for(kReturn - 1s);
  publish();  // 3
  CHECK(made == 2);
  CHECK(contains(world.listen("", "run.1"), "id: run.2"));
  world.time.run_for(kReturn + 2 * kHeartbeat);
  CHECK_FALSE(contains(world.listen("", "run.2"), "event: reset"));
}

TEST_CASE("who comes back when nothing is kept any more reads everything anew") {
  World world;
  world.listen()->gone = true;
  world.publish(Topic::kNode, 1);
  world.time.run_for(kReturn + kHeartbeat);
  world.publish(Topic::kNode, 2);
  CHECK(contains(world.listen("", "run.1"), "event: reset"));
}

TEST_CASE("a heartbeat passes every five seconds and finds out who has gone") {
  World world;
  const auto heard = world.listen();
  const auto before = heard->text.size();
  world.time.run_for(16s);
  CHECK(heard->text.substr(before) == ":\n\n:\n\n:\n\n");
  heard->gone = true;
  world.time.run_for(5s);
  CHECK(world.open == 0);
}

TEST_CASE("there is an end to how many may listen") {
  World world;
  for (std::size_t n = 0; n < kStreams; ++n) world.listen();
  CHECK(world.status == 200);
  world.listen();
  CHECK(world.status == 503);
}

TEST_CASE("an unknown topic is refused by name") {
  const auto refused = parse_topics("node,weather");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("weather") != std::string::npos);
}

}  // namespace fieldline::api
