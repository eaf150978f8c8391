#include "agent/outbox_desk.hpp"

#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "common/wire/limits.hpp"
#include "common/wire/message.hpp"
#include "common/wire/outbox.hpp"
#include "tests/unit/agent/outbox/node.hpp"

namespace fieldline::agent {
namespace {

using journal::kErp;
using journal::message_to;

// A node's outbox as central asks for it; its target refuses everything.
class Asked {
 public:
  Asked() {
    node.courier->reply = [](const Message&) { return targets::Refused{"422 unknown tank"}; };
    node.start();
  }

  MessageId park(const Message& message) {
    const auto id = node.send(message);
    REQUIRE(id);
    REQUIRE(node.until([&] { return node.status(message.target).depth == 0; }));
    return *id;
  }

  template <class Answer, class Query>
  Answer ask(void (OutboxDesk::*question)(const Query&, OutboxDesk::Reply<Answer>), const Query& query) {
    std::optional<Answer> answer;
    node.disk.call([&] { (desk.*question)(query, [&](Answer given) { answer = std::move(given); }); });
    REQUIRE(node.until([&] { return answer.has_value(); }));
    return *answer;
  }
  OutboxPage outbox(const std::string& cursor = "") {
    std::optional<OutboxPage> page;
    desk.outbox({cursor}, [&](OutboxPage given) { page = std::move(given); });
    return *page;
  }
  MessagePart message(const MessageId& id, bool content = false, std::uint64_t offset = 0) {
    return ask<MessagePart>(&OutboxDesk::message, MessageQuery{content, id, offset});
  }
  ParkedDecided decide(ParkedDecision decision) {
    decision.who = "ann";
    return ask<ParkedDecided>(&OutboxDesk::decide, decision);
  }

  outbox::Node node;
  bool delivers = true;
  OutboxDesk desk{*node.outbox, node.disk.journal(), [this] { return delivers; }};
};

TEST_CASE("central sees of each target what waits, what is parked and why") {
  Asked asked;
  const auto id = asked.park(message_to(kErp, "one"));
  const auto page = asked.outbox();
  CHECK(page.delivers);
  CHECK(page.max_bytes == std::int64_t{1} << 30);
  REQUIRE(page.targets.size() == 1);
  CHECK(page.targets[0].target == kErp);
  CHECK(page.targets[0].parked == 1);
  CHECK(page.targets[0].depth == 0);
  CHECK(page.targets[0].retry_limit == 3);
  CHECK(page.targets[0].last_error == "refused: 422 unknown tank");
  const auto parked = asked.ask<ParkedPage>(&OutboxDesk::parked, ParkedQuery{});
  REQUIRE(parked.messages.size() == 1);
  CHECK(parked.messages[0].id == id);
  CHECK(parked.messages[0].reason == "refused: 422 unknown tank");
}

TEST_CASE("targets without number come in pages of one message each") {
  Asked asked;
  asked.node.courier->silent = true;
  for (int i = 0; i < 500; ++i)
    REQUIRE(asked.node.send(message_to("external-systems/" + std::string(50, 'x') + std::to_string(i), "x")));
  std::size_t targets = 0;
  int pages = 0;
  std::string cursor;
  do {
    const auto page = asked.outbox(cursor);
    CHECK(wire::encode(page).size() < 2 * wire::kMaxChunk);
    targets += page.targets.size();
    cursor = page.next;
  } while (++pages < 100 && !cursor.empty());
  CHECK(targets == 500);
  CHECK(pages > 1);
}

TEST_CASE("health counts all of an outbox, and names the targets that need a person most") {
  Asked asked;
  CHECK(asked.desk.health() == OutboxHealth{});
  asked.park(message_to("external-systems/poor", "parked"));
  asked.node.courier->silent = true;
  for (int i = 0; i < 30; ++i)
    REQUIRE(asked.node.send(message_to("external-systems/t" + std::to_string(i), "x")));
  const auto health = asked.desk.health();
  CHECK(health.depth == 30);
  CHECK(health.parked == 1);
  CHECK(health.bytes > 0);
  REQUIRE(health.targets.size() == 20);
  CHECK(health.others == 11);
  CHECK(health.targets.front().target == "external-systems/poor");
  CHECK(health.targets.back().in_flight);
  CHECK(health.oldest == message_to("x", "").accepted);
}

TEST_CASE("a message of any size comes whole, piece by piece, without what identifies its sender") {
  Asked asked;
  auto large = message_to(kErp, std::string(50'000, 'x'));
  std::get<HttpRequest>(large.content).headers = {
      {"AUTHORIZATION", "Basic s3cret"}, {"X-Api-Key", "s3cret"}, {"X-Unit", "bar"}};
  const auto id = asked.park(large);
  std::string bytes;
  std::uint64_t size = 1;
  while (bytes.size() < size) {
    const auto part = asked.message(id, true, bytes.size());
    CHECK(part.piece.state == MessageState::kParked);
    REQUIRE_FALSE(part.bytes.empty());
    CHECK(part.bytes.size() <= wire::kMaxChunk);
    bytes += part.bytes;
    size = part.piece.size;
  }
  CHECK(bytes.find("s3cret") == std::string::npos);
  const auto whole = wire::unpack_message(bytes);
  REQUIRE(whole);
  CHECK(journal::body_of(*whole).size() == 50'000);
  CHECK(std::get<HttpRequest>(whole->content).headers.at("X-Unit") == "bar");
  CHECK(asked.message(id, true, 1 << 20).bytes.empty());
  CHECK(asked.message(id).piece.size == 0);
}

TEST_CASE("what became of a message is told: parked, waiting, delivered, discarded, or not known") {
  Asked asked;
  const auto id = asked.park(message_to(kErp, "one"));
  const auto other = asked.park(message_to(kErp, "two"));
  CHECK(asked.message(id).piece.detail == "refused: 422 unknown tank");
  asked.node.courier->silent = true;
  CHECK(asked.decide({.id = id}).count == 1);
  CHECK(asked.message(id).piece.state == MessageState::kWaiting);
  CHECK(asked.decide({.decision = Decision::kDiscard, .id = other}).count == 1);
  const auto discarded = asked.message(other).piece;
  CHECK(discarded.state == MessageState::kDiscarded);
  CHECK(discarded.detail == "discarded by ann");
  CHECK(discarded.target == kErp);
  auto unknown = id;
  unknown.sequence += 1'000'000;
  CHECK(asked.message(unknown).piece.state == MessageState::kUnknown);
}

TEST_CASE("a node that does not deliver decides nothing, but shows what it has") {
  Asked asked;
  const auto id = asked.park(message_to(kErp, "one"));
  asked.delivers = false;
  CHECK(asked.decide({.decision = Decision::kDiscard}).code == "not-active");
  CHECK_FALSE(asked.outbox().delivers);
  CHECK(asked.message(id).piece.state == MessageState::kParked);
}

}  // namespace
}  // namespace fieldline::agent
