// Libraries for tests, written as an engineer writes them.
#pragma once

#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "coordinator/templates/documents.hpp"
#include "coordinator/templates/flatten.hpp"
#include "coordinator/templates/library.hpp"

namespace fieldline::templates {

inline std::vector<DocumentPointer> documents_of(std::string_view yaml) {
  auto documents = parse_documents(yaml, TextFormat::kYaml);
  if (!documents) FAIL(documents.error().describe());
  return *documents;
}

inline Library library_of(std::string_view yaml) {
  return Library(documents_of(yaml));
}

// An example of the documentation, all its files.
inline Library example_library(const std::string& name) {
  std::string text;
  for (const auto& entry : std::filesystem::directory_iterator(FIELDLINE_DOCS "/examples/" + name)) {
    if (entry.path().extension() != ".yaml") continue;
    std::stringstream content;
    content << std::ifstream(entry.path()).rdbuf();
    text += "---\n" + content.str();
  }
  return library_of(text);
}

inline constexpr std::array kExamples{"compressor", "packaging-line", "pump-station"};

inline Derived derived_of(const Library& library, std::string_view instance = "P") {
  auto derived = flatten(library, instance);
  if (!derived) FAIL(derived.error().describe());
  return *derived;
}

inline const Attribute& attribute_of(const Derived& derived, std::string_view name) {
  for (const auto& attribute : derived.config.attributes) {
    if (attribute.name == name) return attribute;
  }
  FAIL("no attribute " << name);
  return derived.config.attributes.front();
}

// A site with a simulated connection, and an instance P of the template T.
inline constexpr std::string_view kPlace = R"(
kind: Site
name: north
---
kind: Connection
name: north/sim
spec: {protocol: simulator}
---
kind: Instance
name: P
spec: {site: north, template: T}
---
)";

inline std::string placed(std::string_view yaml) {
  return std::string(kPlace) + std::string(yaml);
}

}  // namespace fieldline::templates
