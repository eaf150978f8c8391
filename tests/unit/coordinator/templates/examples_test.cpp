#include <filesystem>
#include <fstream>
#include <sstream>

#include "coordinator/templates/validate.hpp"
#include "tests/unit/coordinator/templates/library_of.hpp"

using namespace fieldline;
using namespace fieldline::templates;

namespace {

Library library_in(const std::filesystem::path& folder) {
  std::string text;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".yaml") continue;
    std::stringstream content;
    content << std::ifstream(entry.path()).rdbuf();
    text += "---\n" + content.str();
  }
  return library_of(text);
}

}  // namespace

TEST_CASE("the pump station of the documentation can be stored and deployed as it stands") {
  const auto library = library_in(FIELDLINE_DOCS "/examples/pump-station");
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
