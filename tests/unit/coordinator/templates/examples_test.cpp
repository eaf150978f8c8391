#include <filesystem>
#include <set>

#include "coordinator/templates/validate.hpp"
#include "tests/unit/coordinator/templates/library_of.hpp"

using namespace fieldline;
using namespace fieldline::templates;

TEST_CASE("the examples of the documentation can be stored and deployed as they stand") {
  for (const std::string name : kExamples) {
    INFO(name);
    const auto library = example_library(name);
    const auto sound = validate(library);
    INFO((sound ? "" : sound.error().describe()));
    REQUIRE(sound);
    REQUIRE_FALSE(library.all(DocumentKind::kInstance).empty());
    for (const auto& instance : library.all(DocumentKind::kInstance)) {
      const auto derived = derived_of(library, instance->key.name);
      CHECK_FALSE(derived.config.attributes.empty());
      CHECK_FALSE(derived.config.alarms.empty());
      CHECK_FALSE(derived.config.scripts.empty());
    }
  }
}

TEST_CASE("no example is forgotten") {
  std::set<std::string> folders;
  for (const auto& entry : std::filesystem::directory_iterator(FIELDLINE_DOCS "/examples")) {
    folders.insert(entry.path().filename());
  }
  CHECK(folders == std::set<std::string>(kExamples.begin(), kExamples.end()));
}

TEST_CASE("the examples show every kind of alarm and of trigger") {
  std::set<AlarmKind> alarms;
  std::set<TriggerKind> triggers;
  for (const std::string name : kExamples) {
    const auto library = example_library(name);
    for (const auto& instance : library.all(DocumentKind::kInstance)) {
      const auto config = derived_of(library, instance->key.name).config;
      for (const auto& alarm : config.alarms) alarms.insert(alarm.kind);
      for (const auto& script : config.scripts) triggers.insert(script.trigger.kind);
    }
  }
  CHECK(alarms.size() == kEnumNames<AlarmKind>.size());
  CHECK(triggers.size() == kEnumNames<TriggerKind>.size());
  CHECK(example_library("packaging-line").all(DocumentKind::kInstance).size() == 200);
}
