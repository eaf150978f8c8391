#include "coordinator/api/server.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <thread>

#include "common/model/json.hpp"
#include "tests/unit/coordinator/api/echo_service.hpp"
#include "tests/unit/coordinator/api/wire_client.hpp"

namespace fieldline::api::test {
namespace {

using namespace std::chrono_literals;

ServerLimits quick_limits() {
  return {.connections = 64,
          .stream_bytes = 256 * 1024,
          .read = 400ms,
          .write = 2000ms,
          .handle = 5000ms,
          .tick = 20ms};
}

struct Fixture {
  explicit Fixture(ServerLimits limits = quick_limits())
      : server(std::move(Server::start({.limits = limits}, service).value())) {}

  EchoService service;
  std::unique_ptr<Server> server;
};

std::string code_of(const Answer& answer) {
  return Json::parse(answer.body).at("code").get<std::string>();
}

TEST_CASE("a request is answered, and the connection serves the next one") {
  Fixture fixture({.read = 10s});
  WireClient client(fixture.server->port());
  for (const auto* target : {"/one", "/two?x=1"}) {
    REQUIRE(client.send(request("GET", target)));
    const auto answer = client.response();
    CHECK(answer.status == 200);
    CHECK(Json::parse(answer.body).at("target") == target);
  }
}

TEST_CASE("pipelined requests are answered one after the other") {
  Fixture fixture;
  WireClient client(fixture.server->port());
  REQUIRE(client.send(request("GET", "/1") + request("PUT", "/2", "", "body") + request("GET", "/3")));
  for (const auto* target : {"/1", "/2", "/3"})
    CHECK(Json::parse(client.response().body).at("target") == target);
}

TEST_CASE("bytes that trickle in make a request in the end") {
  Fixture fixture({.read = 10s});
  WireClient client(fixture.server->port());
  for (const char byte : request("PUT", "/slow", "Content-Type: text/plain\r\n", "12345"))
    REQUIRE(client.send({&byte, 1}));
  CHECK(Json::parse(client.response().body).at("size") == 5);
}

TEST_CASE("a chunked body arrives whole") {
  Fixture fixture;
  WireClient client(fixture.server->port());
  REQUIRE(client.send(request("PUT", "/c", "Transfer-Encoding: chunked\r\n") +
                      "4\r\nWiki\r\n6;ext=1\r\npedia \r\n0\r\nTrailer: x\r\n\r\n"));
  CHECK(Json::parse(client.response().body).at("size") == 10);
}

TEST_CASE("HEAD has the headers of GET and no body") {
  Fixture fixture;
  WireClient client(fixture.server->port());
  REQUIRE(client.send(request("HEAD", "/x") + request("GET", "/y")));
  const auto head = client.response(true);
  CHECK(head.status == 200);
  CHECK(std::stoi(head.header("content-length")) > 0);
  CHECK(client.response().status == 200);
}

TEST_CASE("bytes that are not HTTP are answered with 400 and closed upon") {
  Fixture fixture;
  const auto garbage =
      GENERATE(as<std::string>(), "\x16\x03\x01\x02junk\r\n\r\n", "GET\r\n\r\n",
               "GET / HTTP/1.1\r\nno colon here\r\n\r\n", "PUT / HTTP/1.1\r\nContent-Length : 4\r\n\r\nabcd",
               "PUT / HTTP/1.1\r\nContent-Length: -4\r\n\r\n",
               "PUT / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n");
  WireClient client(fixture.server->port());
  REQUIRE(client.send(garbage));
  const auto answer = client.response();
  CHECK(answer.status == 400);
  CHECK(answer.header("content-type") == "application/problem+json");
  CHECK(code_of(answer) == "malformed-request");
  client.finish_sending();
  CHECK(client.is_closed_within(5s));
}

TEST_CASE("a version of HTTP that is not spoken is refused") {
  Fixture fixture;
  WireClient client(fixture.server->port());
  REQUIRE(client.send("GET / HTTP/9.9\r\n\r\n"));
  CHECK(client.response().status == 505);
}

TEST_CASE("garbage after a good request does not take its answer away") {
  Fixture fixture;
  WireClient client(fixture.server->port());
  REQUIRE(client.send(request("GET", "/good") + "garbage\r\n\r\n"));
  CHECK(client.response().status == 200);
  CHECK(client.response().status == 400);
}

TEST_CASE("a body that is announced too large is refused before it is sent") {
  Fixture fixture;
  WireClient client(fixture.server->port());
  REQUIRE(client.send(
      "PUT /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n"));
  const auto answer = client.response();
  CHECK(answer.status == 413);
  CHECK(code_of(answer) == "too-large");
}

TEST_CASE("a client that sends too large a body all the same can read why it was refused") {
  Fixture fixture;
  WireClient client(fixture.server->port());
  client.send(request("PUT", "/x", "", std::string(4 << 20, 'x')));
  CHECK(client.response().status == 413);
}

TEST_CASE("a chunked body that grows too large is refused") {
  Fixture fixture;
  WireClient client(fixture.server->port());
  client.send(request("PUT", "/x", "Transfer-Encoding: chunked\r\n"));
  const auto chunk = fmt::format("1000\r\n{}\r\n", std::string(0x1000, 'x'));
  for (int i = 0; i < 20; ++i) client.send(chunk);
  CHECK(client.response().status == 413);
}

TEST_CASE("a client that waits for leave to send its body gets it") {
  Fixture fixture({.read = 10s});
  WireClient client(fixture.server->port());
  REQUIRE(client.send("PUT /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"));
  CHECK(client.response().status == 100);
  REQUIRE(client.send("abc"));
  CHECK(client.response().status == 200);
}

TEST_CASE("oversized heads are refused") {
  Fixture fixture;
  WireClient client(fixture.server->port());
  SECTION("the target") {
    client.send(request("GET", "/" + std::string(10'000, 'a')));
    CHECK(client.response().status == 414);
  }
  SECTION("one field") {
    client.send(request("GET", "/", "X: " + std::string(20'000, 'a') + "\r\n"));
    CHECK(client.response().status == 431);
  }
  SECTION("many fields") {
    std::string fields;
    for (int i = 0; i < 100; ++i) fields += fmt::format("X-{}: 1\r\n", i);
    client.send(request("GET", "/", fields));
    CHECK(client.response().status == 431);
  }
  SECTION("one that never ends") {
    client.send("GET / HTTP/1.1\r\n");
    while (client.received.empty() && client.send("X: " + std::string(1000, 'a') + "\r\n"))
      client.is_closed_within(1ms);
    CHECK(client.response().status == 431);
  }
}

TEST_CASE("a client that is slow with its request is closed upon") {
  Fixture fixture;
  WireClient client(fixture.server->port());
  REQUIRE(client.send("GET / HTTP/1.1\r\nHost:"));
  CHECK(client.is_closed_within(5s));
}

TEST_CASE("one who keeps sending after a refusal is closed upon in the end") {
  Fixture fixture;
  WireClient client(fixture.server->port());
  REQUIRE(client.send("not http\r\n\r\n"));
  CHECK(client.response().status == 400);
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (client.send("more") && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  CHECK(std::chrono::steady_clock::now() < deadline);
}

TEST_CASE("connections beyond the limit are told so") {
  auto limits = quick_limits();
  limits.connections = 2;
  limits.read = 10s;
  Fixture fixture(limits);
  WireClient first(fixture.server->port());
  WireClient second(fixture.server->port());
  for (auto* client : {&first, &second}) {
    REQUIRE(client->send(request("GET", "/")));
    REQUIRE(client->response().status == 200);
  }
  WireClient third(fixture.server->port());
  const auto answer = third.response();
  CHECK(answer.status == 503);
  CHECK(code_of(answer) == "too-many-connections");
}

TEST_CASE("a request left without an answer gets 500") {
  Fixture fixture;
  WireClient client(fixture.server->port());
  REQUIRE(client.send(request("GET", "/silence")));
  CHECK(client.response().status == 500);
}

TEST_CASE("only the first answer to a request counts, from whichever thread it comes") {
  Fixture fixture;
  WireClient client(fixture.server->port());
  REQUIRE(client.send(request("GET", "/later")));
  const auto reply = fixture.service.next_waiting();
  std::thread([reply] { reply.send(empty_response(204)); }).join();
  reply.send(empty_response(500));
  CHECK(client.response().status == 204);
}

TEST_CASE("an offer to speak another protocol is answered in this one") {
  Fixture fixture;
  WireClient client(fixture.server->port());
  REQUIRE(client.send(request("GET", "/x", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n")));
  CHECK(client.response().status == 200);
}

TEST_CASE("the server ends while requests wait, streams run and clients hold on") {
  auto fixture = std::make_unique<Fixture>();
  WireClient waiting(fixture->server->port());
  WireClient streaming(fixture->server->port());
  WireClient half(fixture->server->port());
  REQUIRE(waiting.send(request("GET", "/later")));
  const auto reply = fixture->service.next_waiting();
  REQUIRE(streaming.send(request("GET", "/later")));
  const auto outlet = fixture->service.next_waiting().open({.content_type = "text/event-stream"});
  REQUIRE(half.send("GET / HT"));
  outlet->write(std::make_shared<std::string>("begun"));
  REQUIRE(streaming.read_until("begun"));
  fixture.reset();
  outlet->write(std::make_shared<std::string>("nobody hears this"));
  reply.send(empty_response(204));
  CHECK(waiting.response().status == 0);
}

TEST_CASE("a stream carries what is written, in order, until it is closed") {
  Fixture fixture;
  WireClient client(fixture.server->port());
  REQUIRE(client.send(request("GET", "/later")));
  const auto outlet = fixture.service.next_waiting().open({.content_type = "text/event-stream"});
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    expected += fmt::format("event {}\n", i);
    REQUIRE(outlet->write(std::make_shared<std::string>(fmt::format("event {}\n", i))));
  }
  outlet->close();
  const auto answer = client.response();
  CHECK(answer.header("content-type") == "text/event-stream");
  CHECK(answer.body == expected);
}

TEST_CASE("a stream whose client does not read is closed at its limit") {
  Fixture fixture;
  WireClient client(fixture.server->port(), 4096);
  REQUIRE(client.send(request("GET", "/later")));
  const auto outlet = fixture.service.next_waiting().open({.content_type = "text/event-stream"});
  const auto piece = std::make_shared<std::string>(64 * 1024, 'x');
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (outlet->write(piece) && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  CHECK_FALSE(outlet->write(piece));
  CHECK(client.is_closed_within(5s));
}

TEST_CASE("a stream notices that its client has left") {
  Fixture fixture;
  std::shared_ptr<Outlet> outlet;
  {
    WireClient client(fixture.server->port());
    REQUIRE(client.send(request("GET", "/later")));
    outlet = fixture.service.next_waiting().open({.content_type = "text/event-stream"});
  }
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (outlet->write(std::make_shared<std::string>(":\n\n")) && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  CHECK_FALSE(outlet->write(std::make_shared<std::string>(":\n\n")));
}

TEST_CASE("an address that can't be listened on is an error that says so") {
  EchoService service;
  CHECK(Server::start({.address = "not an address"}, service).error().code == ErrorCode::kInvalid);
  CHECK(Server::start({.address = "203.0.113.1"}, service).error().code == ErrorCode::kIo);
  Fixture taken;
  CHECK(Server::start({.port = taken.server->port()}, service).error().code == ErrorCode::kIo);
}

}  // namespace
}  // namespace fieldline::api::test
