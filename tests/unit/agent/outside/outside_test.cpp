#include "agent/outside.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/agent/outbox/node.hpp"

using namespace fieldline;
using outbox::kErp;

namespace {

// A script that asks, on a node that holds one external system.
struct Asker {
  outbox::Node node;
  bool active = true;
  agent::Outside outside{{node.disk.loop(), *node.courier, *node.outbox,
                          [](const std::string& key) {
                            return key == kErp ? std::make_shared<const Artifact>(ExternalSystem{}) : nullptr;
                          },
                          [this] { return active; }}};

  Result<Json> ask(std::string target, runtime::Wish wish) {
    runtime::Asked asked;
    asked.content = HttpRequest{"body", "text/plain", {}, "POST", "/in"};
    asked.instance = "Pump";
    asked.script = "Report";
    asked.target = std::move(target);
    asked.wish = wish;
    return node.disk.answer_of<Json>([&](auto done) { outside.ask(std::move(asked), std::move(done)); });
  }
};

}  // namespace

TEST_CASE("a script of the active node calls, and sends what is kept") {
  Asker asker;
  CHECK(asker.ask(kErp, runtime::Wish::kAnswer)->at("status") == 204);
  const auto id = asker.ask(kErp, runtime::Wish::kDelivery);
  REQUIRE(id);
  CHECK(MessageId::parse(id->get<std::string>()).has_value());
  CHECK(asker.node.disk.bodies(kErp) == std::vector<std::string>{"body"});
}

TEST_CASE("a script that goes on after its node was replaced reaches nobody, and nothing of it is kept") {
  Asker asker;
  asker.active = false;
  for (const auto wish : {runtime::Wish::kAnswer, runtime::Wish::kDelivery}) {
    const auto refused = asker.ask(kErp, wish);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::kConflict);
  }
  CHECK(asker.node.courier->calls == 0);
  CHECK(asker.node.disk.bodies(kErp).empty());
}

TEST_CASE("what no artifact stands for is refused, and names what") {
  Asker asker;
  CHECK(asker.ask("external-systems/mes", runtime::Wish::kDelivery).error().code == ErrorCode::kNotFound);
  CHECK(asker.ask("nonsense", runtime::Wish::kAnswer).error().code == ErrorCode::kInvalid);
}
