#include "agent/outbox/outbox.hpp"

#include <catch2/catch.hpp>

#include "agent/outbox/limits.hpp"
#include "tests/unit/agent/outbox/node.hpp"

namespace fieldline::outbox {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

constexpr auto kMes = "external-systems/mes";

TEST_CASE("what is accepted is delivered in order, one at a time, and then leaves the disk") {
  Node node;
  node.start();
  Texts sent;
  for (int i = 0; i < 400; ++i) {
    sent.push_back(std::to_string(i));
    REQUIRE(node.send(sent.back()));
  }
  REQUIRE(node.until([&] { return node.status().depth == 0; }));
  CHECK(node.courier->bodies() == sent);
  CHECK(node.courier->most_under_way == 1);
  CHECK(node.status().bytes == 0);
  CHECK(node.disk.bodies(kErp).empty());
}

TEST_CASE("a message is answered with the id that its target sees, and its proof tells where it went") {
  Node node;
  node.start();
  const auto id = node.send("one");
  REQUIRE(id);
  REQUIRE(node.until([&] { return node.status().depth == 0; }));
  CHECK(node.courier->arrived.at(0).id == *id);
  const auto proof =
      node.disk.answer_of<journal::Proof>([&](auto done) { node.disk.journal().proof(*id, done); });
  REQUIRE(proof);
  CHECK(proof->detail == "201");
  CHECK(proof->target == kErp);
}

TEST_CASE("a target that does not answer holds up no other one") {
  Node node;
  node.start();
  node.courier->silent = true;
  REQUIRE(node.send("stuck"));
  node.run_for(1s);
  node.courier->silent = false;
  REQUIRE(node.send("other", kMes));
  REQUIRE(node.until([&] { return node.status(kMes).depth == 0; }));
  CHECK(node.status().depth == 1);
}

TEST_CASE(
    "a delivery that may succeed later is repeated at the artifact's interval, before what came after it") {
  Node node;
  node.start();
  int failures = 2;
  node.courier->reply = [&](const Message&) -> targets::Outcome {
    if (failures-- > 0) return targets::Postponed{"503", {}};
    return targets::Delivered{"200"};
  };
  REQUIRE(node.send("one"));
  REQUIRE(node.send("two"));
  node.run_for(59s);
  CHECK(node.courier->bodies() == Texts{"one", "one"});
  CHECK(node.status().last_error == "503");
  node.run_for(2s);
  CHECK(node.courier->bodies() == Texts{"one", "one", "one", "two"});
  CHECK(node.status().last_error.empty());
  CHECK(node.said("will be repeated: 503"));
  CHECK(node.said("delivers again"));
}

TEST_CASE("a target's Retry-After is waited for, but for no longer than an hour") {
  Node node;
  node.start();
  const auto [wish, wait] = GENERATE(table<Duration, Duration>({{90s, 90s}, {1s, 30s}, {48h, 1h}}));
  node.courier->reply = [wish = wish](const Message&) { return targets::Postponed{"429", wish}; };
  REQUIRE(node.send("one"));
  node.run_for(wait - 1s);
  CHECK(node.courier->arrived.size() == 1);
  node.run_for(2s);
  CHECK(node.courier->arrived.size() == 2);
}

TEST_CASE("a message past its retry limit is parked with its reason and lets the next one pass") {
  Node node;
  node.start();
  node.courier->reply = [](const Message& message) -> targets::Outcome {
    if (journal::body_of(message) == "poison") return targets::Postponed{"timed out", {}};
    return targets::Delivered{"200"};
  };
  REQUIRE(node.send("poison"));
  REQUIRE(node.send("next"));
  REQUIRE(node.until([&] { return node.status().parked == 1; }, 10min));
  node.run_for(1s);
  CHECK(node.courier->bodies() == Texts{"poison", "poison", "poison", "poison", "next"});
  CHECK(node.disk.parked().at(0).reason == "given up after 4 attempts: timed out");
  CHECK(node.said("parked message north.a.1."));
}

TEST_CASE("a refused message is parked at once; retried it is delivered, discarded it is gone") {
  Node node;
  node.start();
  node.courier->reply = [](const Message&) { return targets::Refused{"422 unknown tank"}; };
  const auto id = node.send("one");
  REQUIRE(node.send("two"));
  REQUIRE(node.until([&] { return node.status().parked == 2; }));
  CHECK(node.courier->arrived.size() == 2);
  CHECK(node.status().depth == 0);
  node.courier->reply = [](const Message&) { return targets::Delivered{"200"}; };
  CHECK(node.decide({.id = *id}) == 1);
  CHECK(node.decide({.id = *id}) == 0);
  REQUIRE(node.until([&] { return node.status().depth == 0; }));
  CHECK(node.courier->bodies() == Texts{"one", "two", "one"});
  CHECK(node.courier->arrived.back().id == *id);
  CHECK(node.decide({.decision = Decision::kDiscard}) == 1);
  CHECK(node.said("ann retries the parked message " + id->text()));
  CHECK(node.said("ann discarded 1 parked messages"));
  CHECK(node.status().parked == 0);
  CHECK(node.status().bytes == 0);
}

TEST_CASE("an ordered target is blocked by what it refuses, and goes on in order once it is mended") {
  Node node;
  node.patience.ordered = true;
  node.start();
  bool mended = false;
  node.courier->reply = [&](const Message& message) -> targets::Outcome {
    if (!mended && journal::body_of(message) == "poison") return targets::Refused{"422"};
    return targets::Delivered{"200"};
  };
  for (const auto* body : {"one", "poison", "three"}) REQUIRE(node.send(body));
  node.run_for(2min);
  CHECK(node.status().blocked);
  CHECK(node.status().depth == 2);
  CHECK(node.status().parked == 0);
  CHECK(node.status().last_error == "refused: 422");
  CHECK(node.said("blocks those after it: refused: 422"));
  mended = true;
  REQUIRE(node.until([&] { return node.status().depth == 0; }));
  CHECK_FALSE(node.status().blocked);
  CHECK(node.courier->bodies().back() == "three");
  CHECK(node.said("delivers again"));
}

TEST_CASE("a blocked message is parked once order does not count any more") {
  Node node;
  node.patience.ordered = true;
  node.start();
  node.courier->reply = [](const Message&) { return targets::Refused{"422"}; };
  REQUIRE(node.send("poison"));
  node.run_for(1min);
  node.patience.ordered = false;
  REQUIRE(node.until([&] { return node.status().parked == 1; }));
  CHECK_FALSE(node.status().blocked);
}

TEST_CASE("what only some had is delivered, and people are told who had it not") {
  Node node;
  node.start();
  node.courier->reply = [](const Message&) { return targets::Delivered{"250", "refused for bob: 550"}; };
  const auto id = node.send("one");
  REQUIRE(node.until([&] { return node.status().depth == 0; }));
  CHECK(node.said("message " + id->text() + " of Pump was delivered, but refused for bob: 550"));
}

TEST_CASE("many parked messages are retried in one go, and none is tried twice by it") {
  Node node;
  node.start();
  node.courier->reply = [](const Message&) { return targets::Refused{"no"}; };
  for (int i = 0; i < 250; ++i) REQUIRE(node.send(std::to_string(i)));
  REQUIRE(node.until([&] { return node.status().parked == 250; }));
  node.courier->arrived.clear();
  CHECK(node.decide({}) == 250);
  REQUIRE(node.until([&] { return node.status().parked == 250; }));
  CHECK(node.courier->arrived.size() == 250);
}

TEST_CASE("a restart goes on with everything that was accepted, and only with that") {
  Node node;
  for (const auto* body : {"one", "two", "three"}) REQUIRE(node.send(body));
  REQUIRE(node.send("elsewhere", kMes));
  node.restart();
  CHECK(node.status().depth == 3);
  node.start();
  REQUIRE(node.until([&] { return node.status().depth + node.status(kMes).depth == 0; }));
  CHECK(node.courier->arrived.size() == 4);
  node.restart();
  node.start();
  node.run_for(1min);
  CHECK(node.courier->arrived.empty());
}

TEST_CASE(
    "a process that dies at any moment loses nothing that it accepted, and repeats at most what it had not "
    "marked") {
  const auto moment = GENERATE(range(0, 60));
  Node node;
  node.start();
  std::vector<MessageId> accepted;
  for (int i = 0; i < 20; ++i) {
    node.disk.loop().post([&, i] {
      node.outbox->accept(message_to(kErp, std::to_string(i)), [&](const Result<MessageId>& id) {
        if (id) accepted.push_back(*id);
      });
    });
  }
  node.run_for(std::chrono::microseconds(500) * moment);
  const auto before = node.courier->arrived;
  node.restart();
  node.start();
  REQUIRE(node.until([&] { return node.status().depth == 0; }));
  std::map<MessageId, int> arrivals;
  for (const auto& message : before) ++arrivals[message.id];
  for (const auto& message : node.courier->arrived) ++arrivals[message.id];
  for (const auto& id : accepted) CHECK(arrivals[id] >= 1);
  for (const auto& [id, times] : arrivals) CHECK(times <= 2);
}

TEST_CASE("a node that is not active keeps what it accepts and delivers nothing") {
  Node node;
  REQUIRE(node.send("one"));
  node.run_for(1min);
  CHECK(node.courier->arrived.empty());
  node.may_act = false;
  node.start();
  node.run_for(1min);
  CHECK(node.courier->arrived.empty());
  node.may_act = true;
  REQUIRE(node.until([&] { return node.status().depth == 0; }, 2s));
}

TEST_CASE("to stop begins nothing more and answers once what was under way is on the disk") {
  Node node;
  node.start();
  node.courier->silent = true;
  REQUIRE(node.send("one"));
  REQUIRE(node.send("two"));
  node.run_for(1s);
  bool stopped = false;
  node.disk.call([&] { node.outbox->stop(10s, [&] { stopped = true; }); });
  node.run_for(1s);
  CHECK_FALSE(stopped);
  node.courier->silent = false;
  node.courier->release();
  node.run_for(1s);
  CHECK(stopped);
  CHECK(node.courier->bodies() == Texts{"one"});
  CHECK(node.disk.bodies(kErp) == Texts{"two"});
}

TEST_CASE("to stop answers at once when what was under way is refused or postponed") {
  const targets::Outcome outcome =
      GENERATE(targets::Outcome(targets::Refused{"422"}), targets::Outcome(targets::Postponed{"503", {}}));
  Node node;
  node.start();
  node.courier->silent = true;
  REQUIRE(node.send("one"));
  node.run_for(1s);
  bool stopped = false;
  node.disk.call([&] { node.outbox->stop(1h, [&] { stopped = true; }); });
  node.run_for(1s);
  CHECK_FALSE(stopped);
  node.courier->reply = [&](const Message&) { return outcome; };
  node.courier->release();
  node.run_for(1s);
  CHECK(stopped);
  CHECK(node.status().depth + node.status().parked == 1);
}

TEST_CASE("a stop that has less patience ends the one before it, too") {
  Node node;
  node.start();
  node.courier->silent = true;
  REQUIRE(node.send("one"));
  node.run_for(1s);
  int stopped = 0;
  node.disk.call([&] { node.outbox->stop(1h, [&] { ++stopped; }); });
  node.disk.call([&] { node.outbox->stop(5s, [&] { ++stopped; }); });
  node.run_for(4s);
  CHECK(stopped == 0);
  REQUIRE(node.until([&] { return stopped == 2; }, 2s));
}

TEST_CASE("a stop that was taken back is over, and stops nothing later") {
  Node node;
  node.start();
  node.courier->silent = true;
  REQUIRE(node.send("one"));
  node.run_for(1s);
  bool stopped = false;
  node.disk.call([&] { node.outbox->stop(1h, [&] { stopped = true; }); });
  node.start();
  CHECK(stopped);
  node.run_for(2h);
  node.courier->silent = false;
  node.courier->release();
  REQUIRE(node.send("two"));
  REQUIRE(node.until([&] { return node.status().depth == 0; }));
}

TEST_CASE("to stop waits for a silent target no longer than it may, and its message is delivered again") {
  Node node;
  node.start();
  node.courier->silent = true;
  REQUIRE(node.send("one"));
  node.run_for(1s);
  bool stopped = false;
  node.disk.call([&] { node.outbox->stop(10s, [&] { stopped = true; }); });
  REQUIRE(node.until([&] { return stopped; }, 11s));
  node.courier->silent = false;
  node.courier->release();  // too late: it is not ours any more
  node.run_for(1s);
  CHECK(node.status().depth == 1);
  node.start();
  REQUIRE(node.until([&] { return node.status().depth == 0; }));
  CHECK(node.courier->bodies() == Texts{"one", "one"});
}

TEST_CASE("a target that may hold no more refuses with outbox-full, after a warning at 80 %") {
  Node node({2000, 24h, false});
  int taken = 0;
  Result<MessageId> last;
  while ((last = node.send("x"))) {
    ++taken;
    CHECK(node.said("% full") == (node.status().bytes >= 1600));
  }
  CHECK(last.error().where == "outbox-full");
  CHECK(last.error().code == ErrorCode::kExhausted);
  CHECK(node.said("refuses messages"));
  CHECK(node.send("y", kMes));
  node.start();
  REQUIRE(node.until([&] { return node.status().depth == 0; }));
  CHECK(node.courier->arrived.size() == static_cast<std::size_t>(taken) + 1);
  CHECK(node.send("x"));
}

TEST_CASE("a target whose oldest message is too old refuses more") {
  Node node({1 << 20, 1h, false});
  auto message = message_to(kErp, "old");
  message.accepted = {};
  REQUIRE(node.send(message));
  node.run_for(2h);
  CHECK(node.send(message).error().where == "outbox-full");
  node.restart();
  CHECK(node.send(message).error().where == "outbox-full");
}

TEST_CASE(
    "by setting a full target drops its oldest messages instead, never the one under way, and says so") {
  Node node({20'000, 24h, true});
  node.courier->silent = true;
  node.start();
  for (int i = 100; i < 300; ++i) {
    REQUIRE(node.send(std::to_string(i)));
    node.run_for(100ms);
  }
  CHECK(node.status().bytes < 22'000);
  CHECK(node.said("were dropped"));
  node.courier->silent = false;
  node.courier->release();
  REQUIRE(node.until([&] { return node.status().depth == 0; }));
  CHECK(node.status().bytes == 0);
  const auto bodies = node.courier->bodies();
  CHECK(bodies.front() == "100");
  CHECK(bodies.back() == "299");
  CHECK(bodies.size() < 150);
  CHECK(std::is_sorted(bodies.begin(), bodies.end()));
}

TEST_CASE("no message is accepted into the space that is reserved for marks") {
  Node node;
  node.disk_free = kReservedDisk - 1;
  CHECK(node.send("x").error().where == "outbox-full");
}

TEST_CASE("a damaged message is set aside with an event, and the next one is delivered") {
  Node node;
  REQUIRE(node.send("harmed"));
  REQUIRE(node.send("sound"));
  node.disk.tamper(
      "UPDATE records SET bytes = CAST('x' AS BLOB) WHERE place = (SELECT min(place) FROM records "
      "WHERE shelf > 0)");
  node.start();
  REQUIRE(node.until([&] { return node.status().depth == 0; }));
  CHECK(node.courier->bodies() == Texts{"sound"});
  CHECK(node.said("is damaged on the disk"));
}

TEST_CASE("what is no text, or for a target of another kind, is refused") {
  Node node;
  CHECK(node.send("\xff").error().code == ErrorCode::kInvalid);
  CHECK(node.send("x", "database-connections/erp").error().code == ErrorCode::kInvalid);
  CHECK(node.send("x", "external-systems/..").error().code == ErrorCode::kInvalid);
}

TEST_CASE("what people must know is said once a minute for each target, with a count") {
  Node node;
  node.start();
  node.courier->reply = [](const Message&) { return targets::Refused{"no"}; };
  for (int i = 0; i < 50; ++i) REQUIRE(node.send(std::to_string(i)));
  REQUIRE(node.until([&] { return node.status().parked == 50; }));
  CHECK(node.events.size() == 1);
  node.run_for(1min);
  REQUIRE(node.send("x"));
  node.run_for(1s);
  CHECK(node.said("(49 more like it"));
}

}  // namespace
}  // namespace fieldline::outbox
