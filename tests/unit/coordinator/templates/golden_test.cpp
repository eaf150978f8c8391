// What the examples flatten to, kept as bytes. The canonical bytes are a contract with every node and
// database there is: a revision is their hash, so a release that encodes the same documents to other
// bytes makes every deployed instance stale.
#include <fmt/format.h>

#include <cstdlib>

#include "common/base/hash.hpp"
#include "common/wire/config.hpp"
#include "coordinator/templates/diff.hpp"
#include "tests/unit/coordinator/templates/library_of.hpp"

using namespace fieldline;
using namespace fieldline::templates;

namespace {

constexpr std::string_view kMeaning =
    "The canonical bytes of an example have changed. If you have edited the example, renew the files with "
    "FIELDLINE_GOLDEN=write build/dev/bin/unit.templates and commit them. If you have not, the same "
    "documents "
    "now give other bytes: that is a new format. Every deployed instance would be stale and older nodes may "
    "refuse what they get, so keep the old bytes (new fields are optional, and absent where they are not "
    "used), or raise FlatConfig::kFormat and decide in docs/decisions how the plants get there.";

// Of each example one instance is kept whole, of all of them the revision.
const std::map<std::string, std::string> kWhole{
    {"compressor", "K2"}, {"packaging-line", "L10-Filler02"}, {"pump-station", "NorthStation"}};

std::string golden_path(const std::string& file) {
  return FIELDLINE_GOLDEN_FILES "/" + file;
}

std::string content_of(const std::string& path) {
  std::stringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

// Compares, or writes when asked to.
void check_golden(const std::string& file, const std::string& content) {
  const auto* wish = std::getenv("FIELDLINE_GOLDEN");
  if (wish != nullptr && std::string_view(wish) == "write") {
    std::ofstream(golden_path(file), std::ios::binary) << content;
  }
  INFO(file << ": " << kMeaning);
  CHECK((content_of(golden_path(file)) == content));
}

}  // namespace

TEST_CASE("the examples have the revisions that they have had since format 1") {
  for (const std::string example : kExamples) {
    const auto library = example_library(example);
    std::string revisions;
    for (const auto& instance : library.all(DocumentKind::kInstance)) {
      const auto derived = derived_of(library, instance->key.name);
      revisions += fmt::format("{} {}\n", derived.revision, instance->key.name);
    }
    check_golden(example + ".revisions", revisions);
  }
}

TEST_CASE("the examples have the bytes that they have had since format 1, and these can still be read") {
  CHECK(FlatConfig::kFormat == 1);
  for (const std::string example : kExamples) {
    const auto derived = derived_of(example_library(example), kWhole.at(example));
    const auto bytes = content_of(golden_path(example + ".msgpack"));
    if (const auto kept = wire::open_config(bytes, blake2b_hex(bytes))) {
      INFO(to_json(diff({&*kept, nullptr}, {&derived.config, nullptr})).dump(2));
      check_golden(example + ".msgpack", derived.bytes);
    } else {
      check_golden(example + ".msgpack", derived.bytes);
      FAIL_CHECK(kept.error().describe());
    }
  }
}
