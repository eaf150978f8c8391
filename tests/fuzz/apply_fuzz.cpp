// What central does with a text that anyone sends to `apply`: read it, judge it, flatten every instance,
// write it out again. Must end and keep its promises, whatever the text.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/check.hpp"
#include "common/wire/config.hpp"
#include "coordinator/templates/documents.hpp"
#include "coordinator/templates/flatten.hpp"
#include "coordinator/templates/references.hpp"
#include "coordinator/templates/validate.hpp"

namespace fieldline::templates {
namespace {

constexpr std::size_t kMaxFuzzText = std::size_t{64} << 10;
// Each may expand to a hundred thousand members; more instances show nothing new.
constexpr std::size_t kMaxFuzzInstances = 4;

void check_findings(const Error& error) {
  FIELDLINE_CHECK(!error.findings.empty());
  for (const auto& finding : error.findings)
    FIELDLINE_CHECK(!finding.code.empty() && !finding.message.empty());
}

void check_round_trip(const Library& library) {
  for (const auto format : {TextFormat::kYaml, TextFormat::kJson}) {
    const auto text = export_documents(library.all(), format);
    const auto again = parse_documents(text, format);
    FIELDLINE_CHECK(again.has_value());
    FIELDLINE_CHECK(export_documents(*again, format) == text);
    FIELDLINE_CHECK(reach_of(library, Library(*again)).changed.empty());
  }
}

void check_instances(const Library& library) {
  const auto instances = library.all(DocumentKind::kInstance);
  Flattener flattener(library);
  for (std::size_t i = 0; i < std::min(instances.size(), kMaxFuzzInstances); ++i) {
    const auto derived = flattener.flatten(instances[i]->key.name);
    if (!derived) {
      check_findings(derived.error());
    } else {
      FIELDLINE_CHECK(wire::open_config(derived->bytes, derived->revision).has_value());
    }
  }
}

void apply(std::string_view text, TextFormat format) {
  auto documents = parse_documents(text, format);
  if (!documents) {
    FIELDLINE_CHECK(!documents.error().message.empty());
    return;
  }
  const Library library(std::move(*documents));
  if (const auto sound = validate(library); !sound) check_findings(sound.error());
  check_instances(library);
  check_round_trip(library);
}

}  // namespace
}  // namespace fieldline::templates

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > fieldline::templates::kMaxFuzzText) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fieldline::templates::apply(text, fieldline::templates::TextFormat::kYaml);
  fieldline::templates::apply(text, fieldline::templates::TextFormat::kJson);
  return 0;
}
