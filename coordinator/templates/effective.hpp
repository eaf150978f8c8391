// The members that a template or an instance has in the end, each field with the document that it
// comes from. What is wrong with them stops nothing, as long as the tree is whole. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/model/fields.hpp"
#include "common/model/json.hpp"
#include "coordinator/templates/diff.hpp"
#include "coordinator/templates/library.hpp"

namespace fieldline::templates {

// How a document came to say something of a member: nobody did; it defined the member, as what is
// asked for, as an ancestor, or as (an ancestor of) what fills a slot; it overrode; it bound.
enum class Touch { kDefault, kDefined, kInherited, kSlot, kOverride, kBinding };

}  // namespace fieldline::templates

template <>
inline constexpr std::array fieldline::kEnumNames<fieldline::templates::Touch> =
    std::to_array<std::string_view>({"default", "defined", "inherited", "slot", "override", "binding"});

namespace fieldline::templates {

struct EffectiveField {
  std::optional<std::string> document;  // "templates/Pump"; absent: nobody wrote it
  std::string field;
  Touch how = Touch::kDefault;
  bool locked = false;
  Json value;

  static constexpr auto fields =
      fields_in_order(defaulted("document", &EffectiveField::document),
                      required("field", &EffectiveField::field), required("how", &EffectiveField::how),
                      required("locked", &EffectiveField::locked), required("value", &EffectiveField::value));
  friend bool operator==(const EffectiveField&, const EffectiveField&) = default;
};

struct ChainLink {
  std::string document;
  Touch how = Touch::kDefined;

  static constexpr auto fields =
      fields_in_order(required("document", &ChainLink::document), required("how", &ChainLink::how));
  friend bool operator==(const ChainLink&, const ChainLink&) = default;
};

struct EffectiveMember {
  std::vector<ChainLink> chain;  // who touched it, the weakest first
  std::vector<EffectiveField> values;
  MemberKind kind = MemberKind::kAttribute;
  std::string name;

  static constexpr auto fields = fields_in_order(
      required("chain", &EffectiveMember::chain), required("fields", &EffectiveMember::values),
      required("kind", &EffectiveMember::kind), required("name", &EffectiveMember::name));
  friend bool operator==(const EffectiveMember&, const EffectiveMember&) = default;
};

// Some of the members, alarms first, then attributes, then scripts, each by name.
struct EffectivePage {
  std::vector<EffectiveMember> members;
  std::string next;  // to ask for the rest with; empty: there is no more
};

// At most `limit` members that come behind `after`, empty: from the first. kNotFound;
// kValidationFailed with all findings when parts of the tree are missing.
Result<EffectivePage> effective_members(const Library& library, const DocumentKey& key,
                                        std::string_view after, std::size_t limit);

}  // namespace fieldline::templates
