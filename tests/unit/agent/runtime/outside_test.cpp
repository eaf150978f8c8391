#include <catch2/catch.hpp>

#include "agent/runtime/outside.hpp"
#include "tests/unit/agent/runtime/stage.hpp"

using namespace fieldline;
using namespace fieldline::runtime;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

// A script that runs each second and leaves a text in Out.
Stage on_stage(const std::string& source) {
  return Stage(Configured()
                   .connection("plc")
                   .local("Out", DataType::kString, std::string())
                   .every(1s, "Ask", "attributes.set('Out', tostring((function() " + source + " end)()))"));
}
std::string left_by(const Stage& stage) {
  return std::get<std::string>(stage.value("Out"));
}
// What `source` comes to within two seconds.
std::string outcome(const std::string& source, const std::string& answer) {
  auto stage = on_stage(source);
  stage.others.answer = Json::parse(answer);
  stage.world.run_for(1500ms);
  return left_by(stage);
}
Asked asked_by(const std::string& source) {
  auto stage = on_stage(source);
  stage.world.run_for(1500ms);
  REQUIRE(stage.others.asked.size() == 1);
  return stage.others.asked.front();
}
HttpRequest request_of(const std::string& source) {
  return std::get<HttpRequest>(asked_by(source).content);
}

}  // namespace

TEST_CASE("a script calls an external system and reads its answer") {
  const auto* answer = R"({"status": 200, "json": {"orders": [{"id": 7}]}, "headers": {}, "body": "x"})";
  CHECK(outcome("local a = external.call('erp', {path = '/orders'}) return a.status .. a.body .. "
                "a.json.orders[1].id",
                answer) == "200x7");
  const auto asked = asked_by("external.call('erp', {path = '/orders', headers = {X = '1'}})");
  CHECK(asked.target == "external-systems/erp");
  CHECK(asked.instance == "pump-1");
  CHECK(asked.script == "Ask");
  CHECK(std::get<HttpRequest>(asked.content) ==
        HttpRequest{.headers = {{"X", "1"}}, .method = "GET", .path = "/orders"});
}

TEST_CASE("a table goes as JSON, a text as it is") {
  CHECK(request_of("external.call('erp', {body = {level = 2.5, tags = {'a'}}})") ==
        HttpRequest{
            .body = R"({"level":2.5,"tags":["a"]})", .content_type = "application/json", .method = "POST"});
  CHECK(request_of("external.call('erp', {method = 'PUT', body = 'a', content_type = 'text/csv'})") ==
        HttpRequest{.body = "a", .content_type = "text/csv", .method = "PUT"});
  CHECK(request_of("external.call('erp')").method == "GET");
}

TEST_CASE("a script queries a database with parameters and gets its rows") {
  CHECK(outcome("local rows = database.query('history', 'SELECT') return #rows .. rows[2].n",
                R"([{"n": 1}, {"n": 5}])") == "25");
  const auto asked = asked_by("database.query('history', 'SELECT :a', {a = 5, b = 'x', c = true, d = 1.5})");
  CHECK(asked.target == "database-connections/history");
  CHECK(
      std::get<DatabaseWrite>(asked.content) ==
      DatabaseWrite{{{"a", std::int64_t{5}}, {"b", std::string("x")}, {"c", true}, {"d", 1.5}}, "SELECT :a"});
}

TEST_CASE("a call that can't be meant is an error before anybody is asked") {
  const auto [source, why] = GENERATE(table<std::string, std::string>(
      {{"external.call()", "external.call takes the name"},
       {"external.call({})", "external.call takes the name"},
       {"external.call('erp', {}, 1)", "external.call takes the name"},
       {"external.call('erp', 'GET')", "a request is a table"},
       {"external.call('erp', {url = 'x'})", "no field 'url'"},
       {"external.call('erp', {path = 5})", "path: "},
       {"external.call('erp', {headers = {X = {}}})", "headers/X: "},
       {"external.send()", "external.send takes the name"},
       {"database.write('history')", "database.write takes the name"},
       {"notify.send('operators')", "notify.send takes the name"},
       {"notify.send('operators', {})", "a subject is a text"},
       {"notify.send('operators', 'x', 5)", "a subject is a text"},
       {"database.query('history')", "database.query takes the name"},
       {"database.query('history', 5)", "a statement is a text"},
       {"database.query('history', 'SELECT', {1, 2})", "parameters are a table"},
       {"database.query('history', 'SELECT', {a = {}})", "the parameter a is no single value"}}));
  CAPTURE(source);
  auto stage = on_stage("return select(2, pcall(function() " + source + " end))");
  stage.world.run_for(1500ms);
  CHECK_THAT(left_by(stage), Contains(why));
  CHECK(stage.others.asked.empty());
}

TEST_CASE("what a script sends goes to be delivered, and the script gets the id of the message") {
  const auto* id = R"("north.a.1.7")";
  CHECK(outcome("return external.send('erp', {body = {level = 2.5}})", id) == "north.a.1.7");
  const auto sent = asked_by("external.send('erp', {body = 'x'})");
  CHECK(sent.wish == Wish::kDelivery);
  CHECK(sent.target == "external-systems/erp");
  const auto written = asked_by("database.write('history', 'INSERT INTO t VALUES (:a)', {a = 5})");
  CHECK(written.wish == Wish::kDelivery);
  CHECK(std::get<DatabaseWrite>(written.content) ==
        DatabaseWrite{{{"a", std::int64_t{5}}}, "INSERT INTO t VALUES (:a)"});
  const auto mail = asked_by("notify.send('operators', 'Level', 'It is too high.')");
  CHECK(mail.wish == Wish::kDelivery);
  CHECK(mail.target == "notification-lists/operators");
  CHECK(std::get<Mail>(mail.content) == Mail{"It is too high.", "Level"});
  CHECK(std::get<Mail>(asked_by("notify.send('operators', 'Level')").content) == Mail{"", "Level"});
  CHECK(asked_by("external.call('erp')").wish == Wish::kAnswer);
}

TEST_CASE("a failed call is an error that the script can catch") {
  auto stage = on_stage("return select(2, pcall(external.call, 'erp'))");
  stage.others.answer = fail(ErrorCode::kUnavailable, "the link is cut");
  stage.world.run_for(1500ms);
  CHECK_THAT(left_by(stage), Contains("the link is cut"));
}

TEST_CASE("a call holds up its own run only, and one answered too late is dropped") {
  auto stage = Stage(Configured()
                         .connection("plc")
                         .local("Out", DataType::kString, std::string())
                         .local("Count", DataType::kInt, std::int64_t{0})
                         .every(1s, "Ask", "attributes.set('Out', external.call('erp').body)")
                         .every(1s, "Tick", "attributes.set('Count', attributes.get('Count') + 1)"));
  stage.others.answers = false;
  stage.world.run_for(5500ms);
  CHECK(stage.others.asked.size() == 1);
  CHECK(stage.value("Count") == Value(std::int64_t{5}));
  stage.on_strand([&] { stage.instance->disable(); });
  stage.others.open.front()(Json{{"body", "late"}});
  stage.world.run_for(1s);
  CHECK(left_by(stage).empty());
  stage.on_strand([&] { stage.instance->enable(); });
  stage.world.run_for(1500ms);
  REQUIRE(stage.others.open.size() == 2);
  stage.others.open.front()(Json{{"body", "late"}});
  stage.others.open.back()(Json{{"body", "in time"}});
  stage.world.run_for(100ms);
  CHECK(left_by(stage) == "in time");
}
