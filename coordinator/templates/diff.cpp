#include "coordinator/templates/diff.hpp"

#include <algorithm>
#include <iterator>

#include "common/base/check.hpp"

namespace fieldline::templates {
namespace {

template <class T>
constexpr MemberKind kind_of();
template <>
constexpr MemberKind kind_of<Alarm>() {
  return MemberKind::kAlarm;
}
template <>
constexpr MemberKind kind_of<Attribute>() {
  return MemberKind::kAttribute;
}
template <>
constexpr MemberKind kind_of<Connection>() {
  return MemberKind::kConnection;
}
template <>
constexpr MemberKind kind_of<Script>() {
  return MemberKind::kScript;
}

template <class T>
constexpr std::string_view folder_of() {
  switch (kind_of<T>()) {
    case MemberKind::kAlarm:
      return "alarms/";
    case MemberKind::kAttribute:
      return "attributes/";
    case MemberKind::kConnection:
      return "connections/";
    default:
      return "scripts/";
  }
}

// Where an attribute's value comes from is told apart from what the attribute is.
template <class T>
constexpr bool is_binding_field(std::string_view field) {
  return std::is_same_v<T, Attribute> && (field == "address" || field == "connection");
}

template <class Field>
Json json_of(const Field& value) {
  return to_json(value);
}
template <class Field>
Json json_of(const std::optional<Field>& value) {
  return value ? to_json(*value) : Json();
}

class Comparison {
 public:
  Comparison(const Provenance* deployed, const Provenance* derived, Detail detail)
      : causes_(deployed, derived), detail_(detail) {}

  Diff run(const FlatConfig& deployed, const FlatConfig& derived) {
    compare(deployed.alarms, derived.alarms);
    compare(deployed.attributes, derived.attributes);
    compare(deployed.connections, derived.connections);
    compare(deployed.scripts, derived.scripts);
    compare_headers(deployed, derived);
    const auto key = [](const MemberChange& change) { return std::tie(change.name, change.kind); };
    std::sort(diff_.members.begin(), diff_.members.end(),
              [&](const auto& a, const auto& b) { return key(a) < key(b); });
    return std::move(diff_);
  }

 private:
  // Both lists are sorted by name.
  template <class T>
  void compare(const std::vector<T>& deployed, const std::vector<T>& derived) {
    auto old_at = deployed.begin();
    auto new_at = derived.begin();
    while (old_at != deployed.end() || new_at != derived.end()) {
      if (new_at == derived.end() || (old_at != deployed.end() && old_at->name < new_at->name)) {
        compare_member<T>(&*old_at++, nullptr);
      } else if (old_at == deployed.end() || new_at->name < old_at->name) {
        compare_member<T>(nullptr, &*new_at++);
      } else {
        compare_member<T>(&*old_at++, &*new_at++);
      }
    }
  }

  template <class T>
  void compare_member(const T* from, const T* to) {
    static const T nothing{};
    const auto& name = (to != nullptr ? to : from)->name;
    const auto member = std::string(folder_of<T>()) + name;
    MemberChange change;
    change.kind = kind_of<T>();
    change.name = name;
    for_each_field<T>([&](const auto& field, auto) {
      if (field.name == "name" || is_binding_field<T>(field.name)) return;
      if (detail_ == Detail::kNames && (from == nullptr || to == nullptr)) return;
      add_field(
          field.name, (from != nullptr ? *from : nothing).*(field.member),
          (to != nullptr ? *to : nothing).*(field.member),
          [&] { return cause_of(to != nullptr ? *to : *from, member, field.name); }, change);
    });
    if (from == nullptr) blank(change, &FieldChange::from);
    if (to == nullptr) blank(change, &FieldChange::to);
    if constexpr (std::is_same_v<T, Attribute>) {
      compare_binding(from != nullptr ? *from : nothing, to != nullptr ? *to : nothing, name);
    }
    if (from != nullptr && to != nullptr) {
      if (change.changes.empty()) return;
      change.cause = change.changes.front().cause;
    } else {
      change.change = to != nullptr ? ChangeKind::kAdded : ChangeKind::kRemoved;
      if (detail_ == Detail::kFields) change.cause = causes_.of({member, ""});
    }
    diff_.members.push_back(std::move(change));
  }

  // Values take on the type of their attribute.
  template <class T>
  Cause cause_of(const T& named, const std::string& member, std::string_view field) const {
    FieldPlace type{member, "type"};
    if constexpr (std::is_same_v<T, Alarm>) type.member = "attributes/" + named.attribute;
    constexpr bool has_values = std::is_same_v<T, Alarm> || std::is_same_v<T, Attribute>;
    return causes_.of({member, std::string(field)}, has_values ? &type : nullptr);
  }

  template <class Field, class CauseOf>
  void add_field(std::string_view name, const Field& from, const Field& to, const CauseOf& cause_of,
                 MemberChange& change) const {
    if (from == to) return;
    auto& entry = change.changes.emplace_back();
    if (detail_ == Detail::kNames) return;
    entry.cause = cause_of();
    entry.field = name;
    if constexpr (std::is_same_v<Field, std::string>) {
      if (name == "source") {
        entry.lines = line_diff(from, to);
        return;
      }
    }
    entry.from = json_of(from);
    entry.to = json_of(to);
  }

  // A member that is not there has no defaults either.
  static void blank(MemberChange& change, Json FieldChange::*side) {
    for (auto& entry : change.changes) entry.*side = nullptr;
  }

  void compare_binding(const Attribute& from, const Attribute& to, const std::string& name) {
    if (from.address == to.address && from.connection == to.connection) return;
    const auto member = "attributes/" + name;
    const bool reconnected = from.connection != to.connection;
    const auto cause = causes_.of({member, reconnected ? "connection" : "address"});
    std::optional<Cause> address_cause;
    if (reconnected && from.address != to.address && !from.connection.empty() && !to.connection.empty()) {
      if (auto other = causes_.of({member, "address"}); other != cause) address_cause = std::move(other);
    }
    diff_.bindings.push_back({.address_cause = std::move(address_cause),
                              .attribute = name,
                              .cause = cause,
                              .from_address = from.address,
                              .from_connection = from.connection,
                              .to_address = to.address,
                              .to_connection = to.connection});
  }

  // The cause is that of the first name that came or went.
  void add_artifacts(const std::vector<std::string>& from, const std::vector<std::string>& to,
                     MemberChange& change) {
    std::vector<std::string> differing;
    std::ranges::set_symmetric_difference(from, to, std::back_inserter(differing));
    const auto cause = [&] {
      return causes_.of({differing.empty() ? std::string() : "artifacts/" + differing.front(), ""});
    };
    add_field("artifacts", from, to, cause, change);
  }

  void compare_headers(const FlatConfig& deployed, const FlatConfig& derived) {
    MemberChange change;
    change.kind = MemberKind::kInstance;
    change.name = derived.instance;
    const auto of_instance = [&] { return causes_.of({}); };
    add_field("area", deployed.area, derived.area, of_instance, change);
    add_artifacts(deployed.artifacts, derived.artifacts, change);
    add_field(
        "format", deployed.format, derived.format, [&] { return causes_.of_program(); }, change);
    add_field("site", deployed.site, derived.site, of_instance, change);
    add_field("template", deployed.template_name, derived.template_name, of_instance, change);
    if (change.changes.empty()) return;
    if (deployed.instance.empty()) {
      change.change = ChangeKind::kAdded;
      blank(change, &FieldChange::from);
    }
    change.cause = change.changes.front().cause;
    diff_.members.push_back(std::move(change));
  }

  Causes causes_;
  Detail detail_;
  Diff diff_;
};

}  // namespace

Diff diff(const Side& deployed, const Side& derived, Detail detail) {
  FIELDLINE_CHECK(derived.config != nullptr);
  static const FlatConfig nothing{};
  return Comparison(deployed.provenance, derived.provenance, detail)
      .run(deployed.config != nullptr ? *deployed.config : nothing, *derived.config);
}

std::set<Cause> causes_of(const Diff& diff) {
  std::set<Cause> causes;
  const auto add = [&](const Cause& cause) {
    if (cause.is_edit()) causes.insert(cause);
  };
  for (const auto& binding : diff.bindings) {
    add(binding.cause);
    if (binding.address_cause) add(*binding.address_cause);
  }
  for (const auto& member : diff.members) {
    add(member.cause);
    for (const auto& field : member.changes) add(field.cause);
  }
  return causes;
}

}  // namespace fieldline::templates
