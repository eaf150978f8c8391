#include <catch2/catch.hpp>

#include "agent/targets/http.hpp"
#include "agent/targets/limits.hpp"
#include "tests/unit/agent/targets/site.hpp"

using namespace fieldline;
using namespace fieldline::targets;
using Catch::Contains;
using Catch::StartsWith;

TEST_CASE("a path goes behind the base URL") {
  CHECK(joined_url("https://erp.example.com/api", "orders/7?x=a b").value() ==
        "https://erp.example.com/api/orders/7?x=a%20b");
  CHECK(joined_url("https://erp.example.com/api/", "/orders").value() ==
        "https://erp.example.com/api/orders");
  CHECK(joined_url("https://erp.example.com", "").value() == "https://erp.example.com/");
  CHECK(joined_url("https://erp.example.com/api", "").value() == "https://erp.example.com/api");
  CHECK(joined_url("https://erp.example.com/api", "?q=1").value() == "https://erp.example.com/api?q=1");
  CHECK(joined_url("https://erp.example.com", "@evil.example/x").value() ==
        "https://erp.example.com/@evil.example/x");
  CHECK(joined_url("https://erp.example.com", "größe").value() == "https://erp.example.com/gr%C3%B6%C3%9Fe");
  CHECK(joined_url("https://erp.example.com", "a?back=http://b/../c").value() ==
        "https://erp.example.com/a?back=http://b/../c");
}

TEST_CASE("no path leaves the host or the base path") {
  const auto path = GENERATE(as<std::string>(), "..", "../x", "a/../../x", "/..", "%2e%2e/x", ".%2E/x",
                             "%252e%252e%252fx", "..%2fx", "a/..;p=1/x", "./x", "//evil.example", "a//b",
                             "%2f%2fevil", "/%2fevil", "https://evil.example/", "a\\..\\x", "%5c..%5cx",
                             "a\r\nX: 1", "a%0d%0ax", "a#b", std::string("a\0b", 3));
  CAPTURE(path);
  const auto joined = joined_url("https://erp.example.com/api", path);
  REQUIRE_FALSE(joined);
  CHECK(joined.error().code == ErrorCode::kInvalid);
}

TEST_CASE("a request that would smuggle or outgrow is refused") {
  const ExternalSystem system{.base_url = "https://erp.example.com"};
  const auto refused = [&](const HttpRequest& request) {
    return !http_transfer(system, request, "k").has_value();
  };
  CHECK_FALSE(refused({}));
  CHECK(refused({.method = "TRACE"}));
  CHECK(refused({.method = "GET / HTTP/1.1\r\nX: 1"}));
  CHECK(refused({.body = "x", .method = "GET"}));
  CHECK(refused({.headers = {{"X", "1\r\nY: 2"}}}));
  CHECK(refused({.headers = {{"X: 1\r\nY", "2"}}}));
  CHECK(refused({.headers = {{"", "2"}}}));
  CHECK(refused({.headers = {{"Host", "evil.example"}}}));
  CHECK(refused({.headers = {{"transfer-Encoding", "chunked"}}}));
  CHECK(refused({.headers = {{"X", std::string(kHeaderValueBytes + 1, 'x')}}}));
  CHECK(refused({.content_type = "text/plain\r\nX: 1"}));
  CHECK(refused({.body = std::string(kRequestBytes + 1, 'x')}));
}

TEST_CASE("a delivered request bears its body, its headers and the id of its message") {
  Site site;
  auto system = site.system("http", "/api");
  system.headers = {{"X-Plant", "north"}, {"Accept", "text/plain"}};
  system.auth = {.kind = AuthKind::kBearer, .secret = kSecret};
  site.hold_system(system);
  const auto outcome =
      site.deliver("external-systems/erp", HttpRequest{.body = R"({"level":5})",
                                                       .content_type = "application/json",
                                                       .headers = {{"accept", "application/json"},
                                                                   {"authorization", "Bearer mine"},
                                                                   {"idempotency-key", "mine"},
                                                                   {"X-Empty", ""}},
                                                       .method = "PUT",
                                                       .path = "/orders"});
  CHECK(said(outcome) == "delivered: 200");
  site.hold_system(site.system("http"));
  const auto seen = site.call({.method = "GET", .path = "/seen"});
  REQUIRE(seen);
  const auto request = Json::parse(seen->body)["requests"].back();
  CHECK(request["method"] == "PUT");
  CHECK(request["path"] == "/api/orders");
  CHECK(request["body"] == R"({"level":5})");
  const auto& headers = request["headers"];
  CHECK(headers["content-type"] == "application/json");
  CHECK(headers["x-plant"] == "north");
  CHECK(headers["accept"] == "application/json");
  CHECK(headers["authorization"] == std::string("Bearer ") + kSecret);
  CHECK(headers["idempotency-key"] == "north.a.3.1");
}

TEST_CASE("every method and every kind of authentication reaches the system") {
  Site site;
  auto system = site.system("http");
  const auto echoed = [&](HttpRequest request) {
    const auto answer = site.call(std::move(request));
    REQUIRE(answer);
    CHECK(answer->status == 200);
    return Json::parse(answer->body);
  };
  for (const auto* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    site.hold_system(system);
    CHECK(echoed({.method = method, .path = "x"})["method"] == method);
  }
  CHECK(echoed({.body = "x", .method = "DELETE", .path = "x"})["body"] == "x");
  CHECK_FALSE(echoed({.body = "x"})["headers"].contains("content-type"));
  system.auth = {.kind = AuthKind::kBasic, .secret = kSecret, .user = "plant"};
  site.hold_system(system);
  CHECK(echoed({.headers = {{"Authorization", "mine"}}})["headers"]["authorization"] ==
        "Basic cGxhbnQ6czNjcmV0LXBhc3M=");
  system.auth = {.kind = AuthKind::kHeader, .name = "X-Key", .secret = kSecret};
  site.hold_system(system);
  CHECK(echoed({.headers = {{"x-key", "mine"}}})["headers"]["x-key"] == kSecret);
}

TEST_CASE("a status says whether the message is delivered, may be later or never will") {
  Site site;
  auto system = site.system("http");
  system.auth = {.kind = AuthKind::kBearer, .secret = kSecret};
  site.hold_system(system);
  const auto [status, begins] = GENERATE(table<int, std::string>({{200, "delivered: 200"},
                                                                  {204, "delivered: 204"},
                                                                  {301, "refused: "},
                                                                  {302, "refused: "},
                                                                  {307, "refused: "},
                                                                  {400, "refused: the system answered 400"},
                                                                  {401, "refused: "},
                                                                  {404, "refused: "},
                                                                  {409, "refused: "},
                                                                  {422, "refused: "},
                                                                  {408, "postponed: "},
                                                                  {425, "postponed: "},
                                                                  {429, "postponed: "},
                                                                  {500, "postponed: "},
                                                                  {503, "postponed: "}}));
  const auto outcome = site.post(fmt::format("status/{}", status));
  CHECK_THAT(said(outcome), StartsWith(begins));
  if (const auto* postponed = std::get_if<Postponed>(&outcome)) {
    CHECK(postponed->retry_after == Duration(std::chrono::seconds(7)));
  }
}

TEST_CASE("a call is answered with what the system said, redirections too") {
  Site site;
  site.hold_system(site.system("http"));
  const auto moved = site.call({.method = "GET", .path = "status/302"});
  REQUIRE(moved);
  CHECK(moved->status == 302);
  CHECK(moved->headers.at("location") == "/echo");
  const auto answer = site.call({.method = "GET", .path = "x"});
  REQUIRE(answer);
  CHECK(answer->headers.at("content-type") == "application/json");
  CHECK(answer->headers.at("x-twice") == "2");
}

TEST_CASE("a hostile or broken system costs one bounded attempt") {
  Site site;
  auto system = site.system("http");
  system.timeout = std::chrono::seconds(2);
  system.auth = {.kind = AuthKind::kBearer, .secret = kSecret};
  site.hold_system(system);
  CHECK_THAT(said(site.post("silent")), StartsWith("postponed: "));
  CHECK_THAT(said(site.post("slow-status")), StartsWith("postponed: "));
  CHECK_THAT(said(site.post("garbage")), StartsWith("postponed: "));
  CHECK_THAT(said(site.post("closed")), StartsWith("postponed: "));
  // It said 200 before it went wrong.
  CHECK(said(site.post("cut-off")) == "delivered: 200");
  CHECK(said(site.post("drip")) == "delivered: 200");
  system.timeout = std::chrono::seconds(20);
  site.hold_system(system);
  CHECK_THAT(said(site.post("huge-refusal")), StartsWith("refused: the system answered 400"));
  const auto error = [&](const std::string& path) {
    const auto answer = site.call({.method = "GET", .path = path});
    REQUIRE_FALSE(answer);
    CHECK_THAT(answer.error().describe(), !Contains(kSecret));
    return answer.error().code;
  };
  CHECK(error("huge") == ErrorCode::kTooLarge);
  CHECK(error("endless-headers") == ErrorCode::kTooLarge);
  CHECK(error("cut-off") == ErrorCode::kUnavailable);
  CHECK(error("garbage") == ErrorCode::kUnavailable);
}

TEST_CASE("a system that hangs up in the middle of a body costs that attempt only") {
  Site site;
  for (const auto* peer : {"http", "https"}) {
    site.hold_system(site.system(peer));
    for (int i = 0; i < 20; ++i) {
      const auto outcome = site.deliver(
          "external-systems/erp", HttpRequest{.body = std::string(kRequestBytes, 'x'), .path = "hang-up"});
      CHECK_THAT(said(outcome), StartsWith("postponed: "));
    }
  }
}

TEST_CASE("a system that resets the connection behind its answer costs nothing") {
  Site site;
  for (const auto* peer : {"http", "https"}) {
    site.hold_system(site.system(peer));
    for (int i = 0; i < 20; ++i) {
      CHECK(said(site.post("reset")) == "delivered: 200");
    }
  }
}

TEST_CASE("a system that is not there, not here or not what it says is postponed") {
  Site site;
  CHECK(said(site.post("x")) == "postponed: external-systems/erp is not at this site");
  CHECK(site.call({}).error().code == ErrorCode::kNotFound);
  auto system = site.system("http");
  system.base_url = "http://127.0.0.1:1";
  site.hold_system(system);
  CHECK_THAT(said(site.post("x")), StartsWith("postponed: Failed to connect"));
  system.base_url = "http://no.such.host.invalid";
  site.hold_system(system);
  CHECK_THAT(said(site.post("x")), StartsWith("postponed: Could not resolve"));
  site.hold_system(site.system("https"));
  CHECK(said(site.post("x")) == "delivered: 200");
  site.hold_system(site.system("other"));
  CHECK_THAT(said(site.post("x")), StartsWith("postponed: SSL"));
}

TEST_CASE("without its authority a system's certificate is not trusted") {
  Site site;
  site.targets = std::make_unique<Targets>(Targets::Surroundings{
      site.loop, [&](const std::string& key) { return site.artifacts.at(key); }, "/nowhere"});
  site.hold_system(site.system("https"));
  CHECK_THAT(said(site.post("x")), StartsWith("postponed: SSL certificate problem"));
}

TEST_CASE("a message of another kind than its target is refused") {
  Site site;
  site.hold_system(site.system("http"));
  CHECK_THAT(said(site.deliver("external-systems/erp", Mail{})), StartsWith("refused: "));
  CHECK_THAT(said(site.deliver("nonsense", Mail{})), StartsWith("refused: "));
}

TEST_CASE("a system that does not answer takes its share of the room and no more") {
  Site site;
  auto system = site.system("http");
  system.timeout = std::chrono::seconds(60);
  site.hold_system(system);
  std::size_t exhausted = 0;
  for (std::size_t i = 0; i < kTransfersOfOne + kTransfersOfOneWaiting + 10; ++i) {
    site.targets->call("erp", {.path = "silent"}, [&](const Result<HttpAnswer>& answer) {
      if (!answer && answer.error().code == ErrorCode::kExhausted) ++exhausted;
    });
  }
  REQUIRE(site.loop.run_until([&] { return exhausted >= 10; }, std::chrono::seconds(10)));
  site.hold(ArtifactKind::kExternalSystem, "mes", site.system("https"));
  CHECK(said(site.deliver("external-systems/mes", HttpRequest{.path = "x"})) == "delivered: 200");
  site.targets.reset();  // gives up what is under way, at once
  CHECK_FALSE(site.loop.run_until([] { return false; }, std::chrono::milliseconds(1)));
}
