// A template or an instance with all that it inherits and holds in slots: every member under its full
// path, every field with the place that wrote it. What the members mean is not looked at yet.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/templates/findings.hpp"
#include "coordinator/templates/library.hpp"
#include "coordinator/templates/provenance.hpp"

namespace fieldline::templates {

// A place of a document, applied to a part of the tree. Parts rise in the order they were applied:
// what a higher one writes, overrides.
struct Part {
  const Document* document;
  std::int64_t source;  // index of Expansion::sources
  std::string prefix;   // what stands before its names in the tree: "Pump1."
  std::string within;   // where in the document its members are written: "slots/Pump1/"
};
using PartId = std::uint32_t;

template <class T>
struct Member {
  PartId definer = 0;
  std::array<PartId, kFieldCount<T>> origins{};
  Partial<T> partial;

  [[nodiscard]] bool has(std::string_view field) const { return partial.given.test(field_index<T>(field)); }
  // Who wrote the field; the definer, when nobody did.
  [[nodiscard]] PartId origin(std::string_view field) const { return origins[field_index<T>(field)]; }
};

template <class T>
using Members = std::map<std::string, Member<T>>;

struct Expansion {
  Members<Alarm> alarms;
  Members<Attribute> attributes;
  Members<Script> scripts;
  std::vector<Part> parts;
  std::vector<Source> sources;
  bool complete = true;  // false: parts of the tree are missing, as the findings say

  // "templates/Pump/scripts/Start": where `part` writes the member whose full name is `name`.
  [[nodiscard]] std::string path(PartId part, std::string_view folder, std::string_view name) const;
};

// "Pump1." for "Pump1.Speed": a member's references are relative to its scope.
std::string_view scope_of(std::string_view member);

Expansion expand(const Library& library, const Document& root, Findings& findings);

}  // namespace fieldline::templates
