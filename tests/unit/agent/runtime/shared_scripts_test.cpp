#include "agent/runtime/shared_scripts.hpp"

#include <catch2/catch.hpp>

using namespace fieldline;
using namespace fieldline::runtime;

namespace {

lua::Modules sources(const std::map<std::string, std::string>& texts) {
  lua::Modules modules;
  for (const auto& [name, text] : texts) modules[name] = std::make_shared<const std::string>(text);
  return modules;
}

std::vector<std::string> names(const Result<lua::Modules>& modules) {
  std::vector<std::string> list;
  REQUIRE(modules);
  for (const auto& [name, source] : *modules) list.push_back(name);
  return list;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("an instance gets the shared scripts that it names, and those that they name in turn") {
  const auto shared = SharedScripts::compile(sources({{"a", "return {f = function() return shared.b end}"},
                                                      {"b", "return {f = function() return shared.a end}"},
                                                      {"c", "-- shared.a\nreturn {}"}}));
  REQUIRE(shared);
  CHECK(names(shared->needed_by({"shared-scripts/a", "external-systems/erp"})) == Names{"a", "b"});
  CHECK(names(shared->needed_by({"shared-scripts/c"})) == Names{"c"});
  CHECK(names(shared->needed_by({"external-systems/erp"})).empty());
}

TEST_CASE("a shared script that is not there is named, whoever needs it") {
  const auto shared = SharedScripts::compile(sources({{"a", "return shared.lost"}}));
  REQUIRE(shared);
  const auto needed = shared->needed_by({"shared-scripts/a", "shared-scripts/gone"});
  REQUIRE_FALSE(needed);
  REQUIRE(needed.error().findings.size() == 2);
  CHECK(needed.error().findings[0].code == "artifact-absent");
  CHECK(needed.error().findings[0].path == "shared-scripts/gone");
  CHECK(needed.error().findings[1].path == "shared-scripts/lost");
}

TEST_CASE("every shared script that is not Lua is named with its line") {
  const auto shared = SharedScripts::compile(
      sources({{"bad", "local x = 1\nreturn +"}, {"good", "return {}"}, {"worse", "end"}}));
  REQUIRE_FALSE(shared);
  REQUIRE(shared.error().findings.size() == 2);
  CHECK(shared.error().findings[0].code == "lua-syntax");
  CHECK(shared.error().findings[0].path == "shared-scripts/bad:2");
  CHECK(shared.error().findings[1].path == "shared-scripts/worse:1");
}
