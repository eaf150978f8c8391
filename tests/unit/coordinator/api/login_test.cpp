#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "coordinator/security/limits.hpp"
#include "tests/unit/coordinator/api/centre.hpp"

namespace fieldline::api::test {
namespace {

const std::string kPassword = "correct horse battery";

struct Guest {
  std::string cookie;
  std::string csrf;
};

void put_person(Centre& centre, const std::string& name, const Json& grants) {
  const auto answer =
      centre.call("PUT", "/api/v1/users/" + name, Json{{"grants", grants}, {"password", kPassword}}.dump());
  REQUIRE(answer.status == 201);
  centre.plant(kPassword);
}

// With no credential but what `fields` have.
Answer bare(Centre& centre, const std::string& method, const std::string& target, const std::string& fields,
            const std::string& body = "") {
  WireClient client(centre.port());
  const auto kind = body.empty() ? "" : "Content-Type: application/json\r\n";
  REQUIRE(client.send(request(method, target, fields + kind, body)));
  return client.response();
}

Answer try_login(Centre& centre, const std::string& name, const std::string& password,
                 const std::string& fields = "") {
  return bare(centre, "POST", "/api/v1/login", fields, Json{{"name", name}, {"password", password}}.dump());
}

Guest log_in_as(Centre& centre, const std::string& name, const std::string& password = kPassword) {
  const auto answer = try_login(centre, name, password);
  REQUIRE(answer.status == 200);
  const auto field = answer.header("set-cookie");
  const Guest guest{field.substr(0, field.find(';')), Json::parse(answer.body).at("csrf_token")};
  centre.plant(guest.cookie.substr(guest.cookie.find('=') + 1));
  centre.plant(guest.csrf);
  return guest;
}

std::string with_cookie(const Guest& guest) {
  return fmt::format("Cookie: other=1; {}\r\n", guest.cookie);
}

std::string with_both(const Guest& guest) {
  return with_cookie(guest) + fmt::format("X-CSRF-Token: {}\r\n", guest.csrf);
}

std::string bearer_of(const std::string& secret) {
  return fmt::format("Authorization: Bearer {}\r\n", secret);
}

std::string token_for(Centre& centre, const Json& wanted) {
  const auto answer = centre.call("POST", "/api/v1/tokens", wanted.dump());
  REQUIRE(answer.status == 201);
  const std::string secret = Json::parse(answer.body).at("secret");
  centre.plant(secret);
  return secret;
}

const Json kAnywhere = Json::array({{{"role", "designer"}}});

}  // namespace

TEST_CASE("the audit log has logins under the user's name, and nothing that a stranger typed for one") {
  Centre centre;
  put_person(centre, "ann", kAnywhere);
  CHECK(try_login(centre, "ann", kPassword).status == 200);
  CHECK(try_login(centre, "ann", "wrong").status == 401);
  CHECK(try_login(centre, "hunter2-typed-in-the-wrong-field", "ann").status == 401);
  const auto text = centre.get("/api/v1/audit?action=logIn").dump();
  const auto entries = Json::parse(text).at("entries");
  REQUIRE(entries.size() == 3);
  CHECK(entries[2].at("who") == "ann");
  CHECK(entries[2].at("kind") == "user");
  CHECK(entries[1].at("who") == "ann");
  CHECK(entries[1].at("kind") == "anonymous");
  CHECK(entries[0].at("who") == "");
  CHECK(text.find("hunter2") == std::string::npos);
  CHECK(text.find(kPassword) == std::string::npos);
}

TEST_CASE("a session reads with its cookie alone and changes with its CSRF token") {
  Centre centre;
  put_person(centre, "ann", kAnywhere);
  const auto login = try_login(centre, "ann", kPassword);
  REQUIRE(login.status == 200);
  CHECK(login.header("set-cookie").find("; Path=/; HttpOnly; SameSite=Strict") != std::string::npos);
  CHECK(login.header("set-cookie").find("Secure") == std::string::npos);
  const auto ann = log_in_as(centre, "ann");
  const auto me = Json::parse(bare(centre, "GET", "/api/v1/whoami", with_cookie(ann)).body);
  CHECK(me.at("name") == "ann");
  CHECK(me.at("kind") == "user");
  CHECK(me.at("csrf_token") == ann.csrf);
  centre.put("/api/v1/templates/Tank", centre.example("Template"));
  const auto put = [&](const std::string& fields) {
    return bare(centre, "PUT", "/api/v1/templates/Tank", fields + "If-Match: *\r\n",
                centre.example("Template").dump())
        .status;
  };
  CHECK(put(with_cookie(ann)) == 403);
  CHECK(put(with_cookie(ann) + "X-CSRF-Token: guess\r\n") == 403);
  CHECK(put(with_both(ann) + "Origin: https://evil.example\r\n") == 403);
  CHECK(put(with_both(ann) + "Origin: null\r\n") == 403);
  CHECK(put(with_both(ann) + "Origin: http://FIELDLINE\r\n") == 200);
  CHECK(put(with_both(ann)) == 200);
  CHECK(try_login(centre, "ann", kPassword, "Origin: https://evil.example\r\n").status == 403);
  CHECK(bare(centre, "POST", "/api/v1/logout", with_cookie(ann)).status == 403);
  const auto out = bare(centre, "POST", "/api/v1/logout", with_both(ann));
  CHECK(out.status == 204);
  CHECK(out.header("set-cookie").find("Max-Age=0") != std::string::npos);
  CHECK(bare(centre, "GET", "/api/v1/whoami", with_cookie(ann)).status == 401);
}

TEST_CASE("a wrong name and a wrong password are answered alike, and slowed down") {
  Centre centre;
  put_person(centre, "ann", kAnywhere);
  const auto wrong = try_login(centre, "ann", "wrong horse battery");
  const auto nobody = try_login(centre, "nobody", kPassword);
  CHECK(wrong.status == 401);
  CHECK(nobody.body == wrong.body);
  int status = 0;
  for (int i = 0; i < 12; ++i) status = try_login(centre, "nobody", kPassword).status;
  CHECK(status == 429);
  CHECK(try_login(centre, "nobody", kPassword).header("retry-after") == "5");
  CHECK(centre.call("GET", "/api/v1/whoami").status == 200);
  CHECK(try_login(centre, "ann", kPassword).status == 200);
}

TEST_CASE("who has a password changes it, which ends the other sessions") {
  Centre centre;
  put_person(centre, "ann", kAnywhere);
  const auto here = log_in_as(centre, "ann");
  const auto there = log_in_as(centre, "ann");
  const auto change = [&](const std::string& current, const std::string& password) {
    return bare(centre, "PUT", "/api/v1/whoami/password", with_both(here),
                Json{{"current", current}, {"password", password}}.dump())
        .status;
  };
  CHECK(change("wrong horse battery", "another long one") == 403);
  CHECK(change(kPassword, "short") == 400);
  CHECK(change(kPassword, "another long one") == 204);
  CHECK(bare(centre, "GET", "/api/v1/whoami", with_cookie(here)).status == 200);
  CHECK(bare(centre, "GET", "/api/v1/whoami", with_cookie(there)).status == 401);
  CHECK(try_login(centre, "ann", kPassword).status == 401);
  CHECK(try_login(centre, "ann", "another long one").status == 200);
  CHECK(centre
            .call("PUT", "/api/v1/whoami/password",
                  Json{{"current", kPassword}, {"password", kPassword}}.dump())
            .status == 409);
}

TEST_CASE("users are changed by who has seen them, and never tell their password") {
  Centre centre;
  const std::string path = "/api/v1/users/ann";
  const Json wanted{{"grants", kAnywhere}};
  const auto created = centre.call("PUT", path, wanted.dump());
  REQUIRE(created.status == 201);
  CHECK(centre.get(path).at("has_password") == false);
  CHECK(centre.call("PUT", path, wanted.dump()).status == 428);
  const auto changed = centre.call("PUT", path, Json{{"grants", kAnywhere}, {"password", kPassword}}.dump(),
                                   "If-Match: " + created.header("etag") + "\r\n");
  CHECK(changed.status == 200);
  CHECK(centre.call("PUT", path, wanted.dump(), "If-Match: " + created.header("etag") + "\r\n").status ==
        412);
  const auto shown = centre.call("GET", path);
  CHECK(shown.header("etag") == changed.header("etag"));
  CHECK(Json::parse(shown.body).at("has_password") == true);
  CHECK(shown.body.find("argon2") == std::string::npos);
  CHECK(centre.get("/api/v1/users").at("users").size() == 1);
  CHECK(centre.call("DELETE", path).status == 428);
  CHECK(centre.call("DELETE", path, "", "If-Match: *\r\n").status == 204);
  CHECK(centre.call("GET", path).status == 404);
  for (const auto& bad :
       {Json{{"grants", Json::array()}}, Json{{"grants", {{{"role", "king"}}}}},
        Json{{"grants", {{{"role", "viewer"}, {"sites", {"north"}}}}}},
        Json{{"grants", {{{"role", "deployer"}, {"sites", Json::array()}}}}},
        Json{{"grants", kAnywhere}, {"password", "short"}}, Json{{"grants", kAnywhere}, {"colour", 1}}})
    CHECK(centre.call("PUT", path, bad.dump()).status == 400);
  CHECK(centre.call("PUT", "/api/v1/users/admin", wanted.dump()).status == 409);
}

TEST_CASE("the last administrator stays") {
  Centre centre;
  const Json admin{{"grants", {{{"role", "admin"}}}}};
  const Json viewer{{"grants", {{{"role", "viewer"}}}}};
  CHECK(centre.call("DELETE", "/api/v1/tokens/admin").status == 409);
  REQUIRE(centre.call("PUT", "/api/v1/users/ann", admin.dump()).status == 201);
  CHECK(centre.call("PUT", "/api/v1/users/ann", viewer.dump(), "If-Match: *\r\n").status == 409);
  CHECK(centre.call("DELETE", "/api/v1/users/ann", "", "If-Match: *\r\n").status == 409);
  REQUIRE(centre.call("PUT", "/api/v1/users/bob", admin.dump()).status == 201);
  CHECK(centre.call("PUT", "/api/v1/users/ann", viewer.dump(), "If-Match: *\r\n").status == 200);
  CHECK(centre.call("DELETE", "/api/v1/tokens/admin").status == 204);
  CHECK(bare(centre, "GET", "/api/v1/whoami", bearer_of(centre.token())).status == 401);
}

TEST_CASE("a token acts as its user does now, or by grants of its own, until it expires") {
  Centre centre;
  REQUIRE(centre.call("PUT", "/api/v1/users/ann", Json{{"grants", kAnywhere}}.dump()).status == 201);
  const auto laptop = token_for(centre, {{"name", "laptop"}, {"user", "ann"}});
  const auto me = [&](const std::string& secret) {
    return bare(centre, "GET", "/api/v1/whoami", bearer_of(secret));
  };
  CHECK(Json::parse(me(laptop).body).at("name") == "ann");
  CHECK(Json::parse(me(laptop).body).at("permissions") == Json::array({"view", "design"}));
  const Json viewer{{"grants", {{{"role", "viewer"}}}}};
  REQUIRE(centre.call("PUT", "/api/v1/users/ann", viewer.dump(), "If-Match: *\r\n").status == 200);
  CHECK(Json::parse(me(laptop).body).at("permissions") == Json::array({"view"}));
  const auto own = [&](const Json& wanted) {
    return bare(centre, "POST", "/api/v1/tokens", bearer_of(laptop), wanted.dump()).status;
  };
  CHECK(own({{"name", "phone"}, {"user", "ann"}}) == 201);
  CHECK(own({{"name", "king"}, {"grants", {{{"role", "admin"}}}}}) == 403);
  CHECK(own({{"name", "king"}, {"user", "bob"}}) == 403);
  const auto listed = Json::parse(bare(centre, "GET", "/api/v1/tokens", bearer_of(laptop)).body);
  CHECK(listed.at("tokens").size() == 2);
  CHECK(bare(centre, "DELETE", "/api/v1/tokens/admin", bearer_of(laptop)).status == 404);
  CHECK(bare(centre, "DELETE", "/api/v1/tokens/phone", bearer_of(laptop)).status == 204);
  const auto soon = format_rfc3339(centre.loop().clock().utc() + std::chrono::seconds(1));
  const auto brief = token_for(centre, {{"name", "brief"}, {"grants", kAnywhere}, {"expires", soon}});
  CHECK(me(brief).status == 200);
  const auto end = centre.loop().clock().now() + std::chrono::seconds(10);
  while (me(brief).status == 200 && centre.loop().clock().now() < end) {
  }
  CHECK(me(brief).status == 401);
  CHECK(centre.call("DELETE", "/api/v1/users/ann", "", "If-Match: *\r\n").status == 204);
  CHECK(me(laptop).status == 401);
  for (const auto& bad : {Json{{"name", "x"}}, Json{{"name", "x"}, {"user", "nobody"}},
                          Json{{"name", "x"}, {"user", "ann"}, {"grants", kAnywhere}},
                          Json{{"name", "a b"}, {"grants", kAnywhere}},
                          Json{{"name", "x"}, {"grants", kAnywhere}, {"expires", "2001-01-01T00:00:00Z"}}})
    CHECK(centre.call("POST", "/api/v1/tokens", bad.dump()).status == 400);
}

TEST_CASE("a deployer of one site is told what lacks at another") {
  Centre centre;
  centre.put_examples();
  const auto secret =
      token_for(centre, {{"name", "south"}, {"grants", {{{"role", "deployer"}, {"sites", {"south"}}}}}});
  const auto refused = bare(centre, "POST", "/api/v1/instances/Tank7/deploy", bearer_of(secret));
  CHECK(refused.status == 403);
  CHECK(Json::parse(refused.body).at("detail") ==
        "'south' lacks the permission 'deploy' at the site 'north'");
  CHECK(bare(centre, "GET", "/api/v1/instances/Tank7", bearer_of(secret)).status == 200);
  CHECK(bare(centre, "POST", "/api/v1/instances/Nobody/deploy", bearer_of(secret)).status == 404);
}

TEST_CASE("a designer applies everything but sites") {
  Centre centre;
  const auto secret = token_for(centre, {{"name", "designer"}, {"grants", kAnywhere}});
  const auto apply = [&](const Json& documents) {
    return bare(centre, "POST", "/api/v1/apply", bearer_of(secret), documents.dump());
  };
  const auto refused = apply(centre.example("Documents"));
  CHECK(refused.status == 403);
  CHECK(refused.body.find("administer") != std::string::npos);
  CHECK(centre.get("/api/v1/templates").at("templates").empty());
  centre.put("/api/v1/sites/north", centre.example("Site"));
  CHECK(apply(centre.example("Site")).status == 403);
  const auto done =
      apply({centre.example("Connection"), centre.example("Template"), centre.example("Instance")});
  CHECK(done.status == 200);
  CHECK(Json::parse(done.body).at("created") == 3);
}

TEST_CASE("the stream of a revoked token ends with what would come next") {
  Centre centre;
  centre.put_examples();
  const auto secret = token_for(centre, {{"name", "watcher"}, {"grants", kAnywhere}});
  WireClient live(centre.port());
  live.send(request("GET", "/api/v1/stream", bearer_of(secret)));
  REQUIRE(live.read_until("retry: "));
  REQUIRE(centre.call("DELETE", "/api/v1/tokens/watcher").status == 204);
  centre.call("POST", "/api/v1/instances/Tank7/deploy");
  CHECK(live.read_until("0\r\n\r\n"));
  CHECK(live.received.find("site-unreachable") == std::string::npos);
}

}  // namespace fieldline::api::test
