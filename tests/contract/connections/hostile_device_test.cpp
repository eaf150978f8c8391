// The Modbus client against devices that refuse, stall, break off, lie and talk nonsense.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include "agent/connections/connections.hpp"
#include "agent/connections/limits.hpp"
#include "common/base/random.hpp"
#include "tests/contract/connections/inbox.hpp"
#include "tests/contract/connections/scripted_device.hpp"
#include "tests/contract/connections/subscriber.hpp"
#include "tests/contract/connections/worlds.hpp"

using namespace fieldline;
using namespace fieldline::connections;
using namespace std::chrono_literals;

namespace {

constexpr std::uint8_t kReadInput = 4;
constexpr std::size_t kFunctionAt = 7;
const Value kHonest = 257.0;  // what a register of an honest scripted device reads

// The client's side: one connection to `port`, its reports, the test's thread.
struct Client {
  explicit Client(std::uint16_t port, std::map<std::string, std::string> options = {{"timeout", "200ms"}})
      : plc(connections.open(modbus_definition(port, std::move(options))).value()) {}

  bool until(const std::function<bool()>& done) { return inbox.run_until(done); }

  Inbox inbox;
  std::vector<ConnectionHealth> reports;
  Connections connections{inbox, Random(1),
                          [this](const ConnectionHealth& state) { reports.push_back(state); }};
  std::shared_ptr<FieldConnection> plc;
};

// Answers every request with lie(request); an empty lie closes the connection.
ScriptedDevice::Script answering(std::function<Bytes(const Bytes&)> lie) {
  return [lie = std::move(lie)](Conversation& conversation) {
    for (auto request = conversation.request(); !request.empty(); request = conversation.request()) {
      const auto answer = lie(request);
      if (answer.empty()) return;
      conversation.send(answer);
    }
  };
}

// Lies about input registers and is honest about the rest.
ScriptedDevice::Script lying_about_inputs(std::function<Bytes(Bytes honest)> lie) {
  return answering([lie = std::move(lie)](const Bytes& request) {
    const auto honest = honest_answer(request);
    return request[kFunctionAt] == kReadInput ? lie(honest) : honest;
  });
}

const std::vector<Point> kHonestAndLied{{1, "holding:0"}, {2, "input:0"}};

}  // namespace

TEST_CASE("a port where nobody listens is a lost link, with words") {
  std::uint16_t closed = 0;
  {
    const ScriptedDevice device([](Conversation&) {});
    closed = device.port();
  }
  Client client(closed);
  Subscriber subscriber(*client.plc, {{1, "holding:0"}}, client.inbox);
  CHECK(client.until([&] { return subscriber.quality(1) == Quality::kBadCommunicationError; }));
  CHECK_FALSE(client.plc->state().connected);
  CHECK_THAT(client.plc->state().error, Catch::Contains("refused") && Catch::Contains("127.0.0.1"));
}

TEST_CASE("a host name that does not exist is a lost link, with words") {
  Client client(1);
  auto definition = modbus_definition(502);
  definition.endpoint = "no-such-host.invalid:502";
  const auto plc = client.connections.open(definition).value();
  Subscriber subscriber(*plc, {{1, "holding:0"}}, client.inbox);
  CHECK(client.until([&] { return subscriber.quality(1) == Quality::kBadCommunicationError; }));
  CHECK_THAT(plc->state().error, Catch::Contains("no-such-host.invalid"));
}

TEST_CASE("a device that accepts and says nothing is given up after the timeout") {
  const ScriptedDevice device([](Conversation& conversation) { conversation.stall(); });
  Client client(device.port());
  Subscriber subscriber(*client.plc, {{1, "holding:0"}}, client.inbox);
  CHECK(client.until([&] { return subscriber.quality(1) == Quality::kBadCommunicationError; }));
  CHECK_THAT(client.plc->state().error, Catch::Contains("timeout") && Catch::Contains("200ms"));
}

TEST_CASE("a device that drips bytes does not stretch the timeout") {
  const ScriptedDevice device([](Conversation& conversation) {
    const auto answer = honest_answer(conversation.request());
    for (const auto byte : answer) {
      conversation.send({&byte, 1});
      std::this_thread::sleep_for(50ms);
    }
  });
  Client client(device.port());
  Subscriber subscriber(*client.plc, {{1, "holding:0"}}, client.inbox);
  CHECK(client.until([&] { return subscriber.quality(1) == Quality::kBadCommunicationError; }));
  CHECK_THAT(client.plc->state().error, Catch::Contains("timeout"));
}

TEST_CASE("a device that falls silent keeps the last value, and is heard again when it answers") {
  std::atomic<bool> silent = false;
  const ScriptedDevice device([&](Conversation& conversation) {
    for (auto request = conversation.request(); !request.empty(); request = conversation.request()) {
      if (!silent) conversation.send(honest_answer(request));
    }
  });
  Client client(device.port());
  Subscriber subscriber(*client.plc, {{1, "holding:0"}}, client.inbox);
  REQUIRE(client.until([&] { return subscriber.shows(1, kHonest); }));
  silent = true;
  REQUIRE(client.until([&] { return subscriber.quality(1) == Quality::kBadCommunicationError; }));
  CHECK(subscriber.value(1) == kHonest);
  silent = false;
  CHECK(client.until([&] { return subscriber.shows(1, kHonest); }));
}

TEST_CASE("a device that closes in the middle of a frame is a lost link") {
  const ScriptedDevice device([](Conversation& conversation) {
    const auto answer = honest_answer(conversation.request());
    if (!answer.empty()) conversation.send(std::span(answer).first(9));
  });
  Client client(device.port());
  Subscriber subscriber(*client.plc, {{1, "holding:0:float32"}}, client.inbox);
  CHECK(client.until([&] { return subscriber.quality(1) == Quality::kBadCommunicationError; }));
  CHECK(client.until([&] { return device.connections() >= 3; }));
}

TEST_CASE("a lie about some registers costs those and no others") {
  const auto [name, lie] = GENERATE(table<std::string, std::function<Bytes(Bytes)>>({
      {"wrong transaction id", [](Bytes a) { return a[1] ^= 0x55, a; }},
      {"wrong protocol id", [](Bytes a) { return a[2] = a[3] = 7, a; }},
      {"wrong function", [](Bytes a) { return a[kFunctionAt] = 1, a; }},
      {"unknown function", [](Bytes a) { return a[kFunctionAt] = 0x6F, a; }},
      {"a byte count below what was asked", [](Bytes a) { return a[8] = 0, a; }},
      {"a byte count above any frame", [](Bytes a) { return a[8] = 255, a; }},
      {"twice the registers", [](Bytes a) { return a[8] = 4, a.push_back(1), a.push_back(1), a; }},
  }));
  INFO(name);
  const ScriptedDevice device(lying_about_inputs(lie));
  Client client(device.port());
  Subscriber subscriber(*client.plc, kHonestAndLied, client.inbox);
  REQUIRE(client.until([&] { return subscriber.quality(2) == Quality::kBadDeviceFailure; }));
  CHECK(client.until([&] { return subscriber.shows(1, kHonest); }));
  CHECK(client.until([&] { return client.plc->state().connected; }));
  CHECK(subscriber.value(2) == Value());
}

TEST_CASE("a device that only lies is not connected") {
  const ScriptedDevice device(answering([](const Bytes& request) {
    auto answer = honest_answer(request);
    answer[1] ^= 1;
    return answer;
  }));
  Client client(device.port(), {{"timeout", "2s"}});
  Subscriber subscriber(*client.plc, kHonestAndLied, client.inbox);
  REQUIRE(client.until([&] { return subscriber.quality(1) == Quality::kBadDeviceFailure; }));
  CHECK(client.until([&] { return subscriber.quality(2) == Quality::kBadDeviceFailure; }));
  CHECK_FALSE(client.plc->state().connected);
  CHECK_THAT(client.plc->state().error, Catch::Contains("breaks the Modbus protocol"));
}

TEST_CASE("bytes that nobody asked for never become the answer of the next request") {
  const ScriptedDevice device(answering([](const Bytes& request) {
    auto answer = honest_answer(request);
    auto next = answer;
    ++next[1];
    next.back() = 99;
    answer.insert(answer.end(), next.begin(), next.end());
    return answer;
  }));
  Client client(device.port(), {{"timeout", "2s"}});
  Subscriber subscriber(*client.plc, {{1, "holding:0"}}, client.inbox);
  REQUIRE(client.until([&] { return subscriber.shows(1, kHonest); }));
  CHECK(client.until([&] { return device.connections() >= 5; }));
  client.inbox.run_for(50ms);
  CHECK(subscriber.shows(1, kHonest));
}

TEST_CASE("an exception answer becomes the quality that it means, for its points only") {
  const auto [code, quality] = GENERATE(table<int, Quality>({
      {0, Quality::kBadDeviceFailure},
      {1, Quality::kBadConfigurationError},
      {2, Quality::kBadConfigurationError},
      {3, Quality::kBadConfigurationError},
      {4, Quality::kBadDeviceFailure},
      {6, Quality::kBadDeviceFailure},
      {10, Quality::kBadCommunicationError},
      {11, Quality::kBadCommunicationError},
      {200, Quality::kBadDeviceFailure},
  }));
  INFO("exception " << code);
  const ScriptedDevice device(answering([code = code](const Bytes& request) {
    if (request[kFunctionAt] != kReadInput) return honest_answer(request);
    return exception_answer(request, static_cast<std::uint8_t>(code));
  }));
  Client client(device.port(), {{"timeout", "2s"}});
  Subscriber subscriber(*client.plc, kHonestAndLied, client.inbox);
  REQUIRE(client.until([&] { return subscriber.shows(1, kHonest); }));
  CHECK(client.until([&] { return subscriber.quality(2) == quality; }));
  CHECK(client.plc->state().connected);
}

TEST_CASE("what the device says of a write is what the writer hears") {
  const ScriptedDevice device(answering([](const Bytes& request) {
    if (!is_write(request)) return honest_answer(request);
    return exception_answer(request, request[9] == 1 ? 2 : 6);
  }));
  Client client(device.port(), {{"timeout", "2s"}});
  Subscriber subscriber(*client.plc, {{1, "holding:1"}, {2, "holding:2"}}, client.inbox);
  subscriber.write(1, 1.0);
  REQUIRE(client.until([&] { return subscriber.answer().has_value(); }));
  CHECK(subscriber.was_refused_as(ErrorCode::kInvalid));
  CHECK_THAT(subscriber.answer()->error().message, Catch::Contains("Illegal data address"));
  subscriber.write(2, 1.0);
  REQUIRE(client.until([&] { return subscriber.answer().has_value(); }));
  CHECK(subscriber.was_refused_as(ErrorCode::kUnavailable));
  CHECK(client.until([&] { return subscriber.shows(2, kHonest); }));
}

TEST_CASE("a write without an answer times out and is not sent again") {
  std::atomic<int> writes = 0;
  const ScriptedDevice device([&](Conversation& conversation) {
    for (auto request = conversation.request(); !request.empty(); request = conversation.request()) {
      if (is_write(request)) {
        ++writes;
      } else {
        conversation.send(honest_answer(request));
      }
    }
  });
  Client client(device.port());
  Subscriber subscriber(*client.plc, {{1, "holding:1"}}, client.inbox);
  REQUIRE(client.until([&] { return subscriber.shows(1, kHonest); }));
  subscriber.write(1, 1.0);
  REQUIRE(client.until([&] { return subscriber.answer().has_value(); }));
  CHECK(subscriber.was_refused_as(ErrorCode::kTimeout));
  REQUIRE(client.until([&] { return subscriber.shows(1, kHonest); }));
  CHECK(writes == 1);
}

TEST_CASE("a write that waits goes before the next read") {
  std::atomic<bool> held = true;
  std::mutex mutex;
  std::vector<bool> order;  // is it a write?
  const ScriptedDevice device(answering([&](const Bytes& request) {
    {
      const std::lock_guard lock(mutex);
      order.push_back(is_write(request));
    }
    while (held) std::this_thread::sleep_for(1ms);
    return honest_answer(request);
  }));
  Client client(device.port(), {{"timeout", "20s"}});
  Subscriber subscriber(*client.plc, {{1, "holding:0"}, {2, "holding:1000"}, {3, "holding:2000"}},
                        client.inbox);
  REQUIRE(client.until([&] {
    const std::lock_guard lock(mutex);
    return order.size() == 1;
  }));
  subscriber.write(1, 5.0);
  held = false;
  REQUIRE(client.until([&] { return subscriber.answer().has_value(); }));
  const std::lock_guard lock(mutex);
  REQUIRE(order.size() >= 2);
  CHECK_FALSE(order[0]);
  CHECK(order[1]);
}

TEST_CASE("a flood of writes is refused rather than stored up") {
  const ScriptedDevice device([](Conversation& conversation) { conversation.stall(); });
  Client client(device.port(), {{"timeout", "60s"}});
  Subscriber subscriber(*client.plc, {{1, "holding:0"}}, client.inbox);
  for (std::size_t i = 0; i < kWriteQueue + 2; ++i) subscriber.write(1, 1.0);
  REQUIRE(client.until([&] { return subscriber.answer().has_value(); }));
  CHECK(subscriber.was_refused_as(ErrorCode::kExhausted));
}

TEST_CASE("closing does not wait for a device that does not answer") {
  const ScriptedDevice device([](Conversation& conversation) { conversation.stall(); });
  Client client(device.port(), {{"timeout", "60s"}});
  Subscriber subscriber(*client.plc, {{1, "holding:0"}}, client.inbox);
  REQUIRE(client.until([&] { return device.connections() == 1; }));
  client.inbox.run_for(50ms);
  const auto start = client.inbox.clock().now();
  client.plc.reset();
  CHECK(client.inbox.clock().now() - start < 5s);
}

TEST_CASE("closing does not wait for a connect that does not come about") {
  // A listener that accepts nobody: once its queue is full, the kernel drops what else knocks.
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(
      (bind(listener, raw, size) == 0 && listen(listener, 0) == 0 && getsockname(listener, raw, &size) == 0));
  std::vector<int> knocking;
  for (int i = 0; i < 4; ++i) {
    knocking.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    static_cast<void>(connect(knocking.back(), raw, size));
  }
  {
    Client impatient(ntohs(address.sin_port));
    Subscriber subscriber(*impatient.plc, {{1, "holding:0"}}, impatient.inbox);
    REQUIRE(impatient.until([&] { return subscriber.quality(1) == Quality::kBadCommunicationError; }));
    CHECK_THAT(impatient.plc->state().error, Catch::Contains("timeout"));
  }
  Client patient(ntohs(address.sin_port), {{"timeout", "60s"}});
  Subscriber subscriber(*patient.plc, {{1, "holding:0"}}, patient.inbox);
  patient.inbox.run_for(200ms);
  const auto start = patient.inbox.clock().now();
  patient.plc.reset();
  CHECK(patient.inbox.clock().now() - start < 5s);
  for (const int one : knocking) close(one);
  close(listener);
}

TEST_CASE("whatever bytes a device sends, an honest answer afterwards is believed") {
  Random random(20261122);
  std::atomic<int> lies = 60;
  const ScriptedDevice device(answering([&](const Bytes& request) {
    auto answer = honest_answer(request);
    if (request[kFunctionAt] != kReadInput || --lies < 0) return answer;
    if (random.below(2) == 0) answer.resize(7 + random.below(300));
    for (auto changes = 1 + random.below(8); changes > 0; --changes) {
      answer[random.below(answer.size())] = static_cast<std::uint8_t>(random.below(256));
    }
    return answer;
  }));
  Client client(device.port(), {{"timeout", "50ms"}});
  Subscriber subscriber(*client.plc, kHonestAndLied, client.inbox);
  CHECK(client.inbox.run_until(
      [&] { return lies < 0 && subscriber.shows(1, kHonest) && subscriber.shows(2, kHonest); }, 120s));
}
