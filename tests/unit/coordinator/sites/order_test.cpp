// Orders out, reports in.
#include <catch2/catch.hpp>
#include <set>

#include "coordinator/sites/limits.hpp"
#include "tests/unit/coordinator/sites/field.hpp"

namespace fieldline::sites {
namespace {

struct Heard {
  int sent = 0;
  int accepted = 0;
  std::vector<Report> reports;
  std::vector<std::string> lost;

  std::function<void(const OrderNews&)> ear() {
    return [this](const OrderNews& news) {
      if (std::holds_alternative<OrderSent>(news)) ++sent;
      if (std::holds_alternative<OrderAccepted>(news)) ++accepted;
      if (const auto* report = std::get_if<Report>(&news)) reports.push_back(*report);
      if (const auto* loss = std::get_if<OrderLost>(&news)) lost.push_back(loss->message);
    };
  }
};

Dispatch apply(const std::string& deployment, const std::string& config, Heard& heard) {
  Dispatch dispatch;
  dispatch.to = kA;
  dispatch.order = {60s, deployment, "pump", OrderKind::kApply, 1, blake2b_hex(config), config.size()};
  dispatch.config = std::make_shared<const std::string>(config);
  dispatch.tell = heard.ear();
  return dispatch;
}

TEST_CASE("an order carries its configuration and is told of until its report") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  Heard heard;
  field.on_loop([&] {
    CHECK(field.sites.order(apply("d1", "bytes", heard)));
    CHECK(heard.sent == 0);
  });
  field.time.run_for(1s);
  REQUIRE(a->orders.size() == 1);
  CHECK(a->attachments.front() == "bytes");
  CHECK(heard.sent == 1);
  CHECK(heard.accepted == 1);
  REQUIRE(heard.reports.size() == 1);
  CHECK(heard.reports.front().success);
  CHECK(heard.lost.empty());
}

TEST_CASE("an order for a node that is not connected is refused at once") {
  Field field;
  Heard heard;
  field.on_loop([&] {
    const auto taken = field.sites.order(apply("d1", "bytes", heard));
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == ErrorCode::kUnavailable);
  });
  CHECK(heard.lost.empty());
}

TEST_CASE("32 orders are in flight to a node, the rest wait for reports") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  a->on_order = [](const Order&) {};
  Heard heard;
  field.on_loop([&] {
    for (int i = 0; i < 40; ++i) CHECK(field.sites.order(apply(fmt::format("d{}", i), "bytes", heard)));
  });
  field.time.run_for(1s);
  CHECK(a->orders.size() == kOrderWindow);
  CHECK(heard.sent == 32);
  const auto first = a->orders.front();
  a->obey(first);
  field.time.run_for(1s);
  CHECK(a->orders.size() == 33);
  // One that is given up makes room too.
  field.on_loop([&] { field.sites.withdraw(kA, "d1"); });
  field.time.run_for(1s);
  CHECK(a->orders.size() == 34);
  CHECK(heard.reports.size() == 1);
}

TEST_CASE("more than a node's queue of waiting orders is refused") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  a->on_order = [](const Order&) {};
  Heard heard;
  field.on_loop([&] {
    std::size_t taken = 0;
    while (auto added = field.sites.order(apply(fmt::format("d{}", taken), "bytes", heard))) {
      REQUIRE(++taken <= kMaxWaitingOrders);
    }
    CHECK(taken == kMaxWaitingOrders);
  });
}

TEST_CASE("a configuration too large for its order is fetched in pieces, and only by its own order") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  std::string config;
  for (int i = 0; config.size() < 100'000; ++i) config += std::to_string(i);
  Heard heard;
  field.on_loop([&] { CHECK(field.sites.order(apply("d1", config, heard))); });
  field.time.run_for(1s);
  CHECK(a->attachments.front().empty());
  CHECK(a->fetched["d1"] == config);
  CHECK(heard.reports.size() == 1);

  a->send(Fetch{"d1", 0, blake2b_hex(config)});
  a->send(Fetch{"other", 0, blake2b_hex(config)});
  field.time.run_for(1s);
  CHECK(a->pieces[a->pieces.size() - 2].size == 0);
  CHECK(a->pieces.back().size == 0);
}

TEST_CASE("a session that ends loses its orders, those that waited too") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  a->on_order = [](const Order&) {};
  Heard heard;
  field.on_loop([&] {
    for (int i = 0; i < 40; ++i) CHECK(field.sites.order(apply(fmt::format("d{}", i), "bytes", heard)));
  });
  SECTION("by silence") {
    a->disconnect_silently();
    field.time.run_for(12s);
  }
  SECTION("by a new HELLO") {
    a->connect();
    field.time.run_for(1s);
    CHECK(field.sites.connected("north"));
  }
  SECTION("by its key being revoked") {
    field.on_loop([&] { field.sites.revoke(kA, [](const Result<>&) {}); });
  }
  CHECK(heard.lost.size() == 40);
  CHECK(heard.reports.empty());
}

TEST_CASE("a node that talks but does not read loses its session, and central holds a bounded part of it") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  a->on_order = [](const Order&) {};
  Heard heard;
  field.on_loop([&] { CHECK(field.sites.order(apply("d1", "bytes", heard))); });
  field.network.stall("a-host");
  field.time.run_for(1s);
  REQUIRE(heard.sent == 1);
  for (int i = 0; i < 1000; ++i) {
    a->send(wire::Ping{});
    if (i % 100 == 0) field.time.run_for(100ms);
  }
  field.time.run_for(1s);
  CHECK_FALSE(field.sites.connected("north"));
  CHECK(field.heard(NodeEventKind::kOffline, "gone"));
  CHECK(heard.lost == std::vector<std::string>{"the node does not read"});
}

TEST_CASE("what finds a full queue is sent, in order, once there is room") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  field.network.stall("a-host");
  for (int i = 0; i < 300; ++i) a->send(wire::Ping{});
  field.time.run_for(1s);
  Heard heard;
  field.on_loop([&] {
    CHECK(field.sites.order(apply("d1", "bytes", heard)));
    CHECK(field.sites.order(apply("d2", "bytes", heard)));
  });
  CHECK(a->orders.empty());
  field.network.resume("a-host");
  field.time.run_for(1s);
  REQUIRE(a->orders.size() == 2);
  CHECK(a->orders.front().deployment == "d1");
  CHECK(heard.reports.size() == 2);
}

TEST_CASE("a report that nobody waits for makes central look at what the node holds") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  const auto before = field.keeper.inventories.size();
  Report late;
  late.deployment = "long-gone";
  late.instance = "pump";
  late.success = true;
  a->send(late);
  field.time.run_for(1s);
  CHECK(field.keeper.inventories.size() == before + 1);
}

TEST_CASE("a report on another instance than was ordered is malformed and settles nothing") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  a->on_order = [&](const Order& order) {
    auto other = order;
    other.instance = "valve";
    a->obey(other);
  };
  Heard heard;
  field.on_loop([&] { CHECK(field.sites.order(apply("d1", "bytes", heard))); });
  field.time.run_for(1s);
  CHECK(heard.reports.empty());
  CHECK(field.sites.node(kA)->malformed == 1);
}

}  // namespace
}  // namespace fieldline::sites
