// What a deployment would change, in the words of the model, each entry with its cause: the
// document whose change made it.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/model/fields.hpp"
#include "common/model/flat_config.hpp"
#include "common/model/json.hpp"
#include "coordinator/templates/cause.hpp"
#include "coordinator/templates/line_diff.hpp"
#include "coordinator/templates/provenance.hpp"

namespace fieldline::templates {

enum class ChangeKind { kAdded, kChanged, kRemoved };
enum class MemberKind { kAlarm, kAttribute, kConnection, kInstance, kScript };

}  // namespace fieldline::templates

template <>
inline constexpr std::array fieldline::kEnumNames<fieldline::templates::ChangeKind> =
    std::to_array<std::string_view>({"added", "changed", "removed"});
template <>
inline constexpr std::array fieldline::kEnumNames<fieldline::templates::MemberKind> =
    std::to_array<std::string_view>({"alarm", "attribute", "connection", "instance", "script"});

namespace fieldline::templates {

struct FieldChange {
  Cause cause;
  std::string field;
  Json from;                    // null: not there; of `source` always null, see `lines`
  std::vector<LineEdit> lines;  // `source` only
  Json to;

  static constexpr auto fields =
      fields_in_order(required("cause", &FieldChange::cause), required("field", &FieldChange::field),
                      required("from", &FieldChange::from), required("lines", &FieldChange::lines),
                      required("to", &FieldChange::to));
  friend bool operator==(const FieldChange&, const FieldChange&) = default;
};

struct MemberChange {
  Cause cause;  // of an addition or removal; of a change, that of its first field
  ChangeKind change = ChangeKind::kChanged;
  std::vector<FieldChange> changes;
  MemberKind kind = MemberKind::kAttribute;
  std::string name;

  static constexpr auto fields =
      fields_in_order(required("cause", &MemberChange::cause), required("change", &MemberChange::change),
                      required("changes", &MemberChange::changes), required("kind", &MemberChange::kind),
                      required("name", &MemberChange::name));
  friend bool operator==(const MemberChange&, const MemberChange&) = default;
};

// An attribute that gets its value from elsewhere than before. Empty strings: from nowhere.
struct BindingChange {
  std::optional<Cause> address_cause;  // when the address changed too, and by another cause
  std::string attribute;
  Cause cause;  // of the connection, or of the address when only that changed
  std::string from_address;
  std::string from_connection;
  std::string to_address;
  std::string to_connection;

  static constexpr auto fields = fields_in_order(defaulted("address_cause", &BindingChange::address_cause),
                                                 required("attribute", &BindingChange::attribute),
                                                 required("cause", &BindingChange::cause),
                                                 required("from_address", &BindingChange::from_address),
                                                 required("from_connection", &BindingChange::from_connection),
                                                 required("to_address", &BindingChange::to_address),
                                                 required("to_connection", &BindingChange::to_connection));
  friend bool operator==(const BindingChange&, const BindingChange&) = default;
};

struct Diff {
  std::vector<BindingChange> bindings;  // both sorted by name
  std::vector<MemberChange> members;

  [[nodiscard]] bool empty() const { return bindings.empty() && members.empty(); }

  static constexpr auto fields =
      fields_in_order(required("bindings", &Diff::bindings), required("members", &Diff::members));
  friend bool operator==(const Diff&, const Diff&) = default;
};

// One side of a comparison. Without a configuration: nothing is deployed.
struct Side {
  const FlatConfig* config = nullptr;
  const Provenance* provenance = nullptr;  // null: unknown; causes are then told as far as they can be
};

// kNames: which members and bindings differ and no more, for a fraction of the work.
enum class Detail { kFields, kNames };

Diff diff(const Side& deployed, const Side& derived, Detail detail = Detail::kFields);

// The edits that its entries name.
std::set<Cause> causes_of(const Diff& diff);

}  // namespace fieldline::templates
