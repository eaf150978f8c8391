#include "tests/unit/coordinator/templates/apply_diff.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <stdexcept>

namespace fieldline::templates {
namespace {

// As a client has it: through text, and without anything that stood there before.
template <class Field>
void read_field(const Json& json, Field& out) {
  out = Field{};
  const auto read = from_json(Json::parse(json.dump()), out);
  if (!read) throw std::logic_error(read.error().describe());
}
template <class Field>
void read_field(const Json& json, std::optional<Field>& out) {
  out.reset();
  if (!json.is_null()) read_field(json, out.emplace());
}

template <class T>
void apply_changes(const MemberChange& change, T& member) {
  for_each_field<T>([&](const auto& field, auto) {
    for (const auto& entry : change.changes) {
      if (entry.field != field.name) continue;
      auto& place = member.*(field.member);
      if constexpr (std::is_same_v<std::remove_reference_t<decltype(place)>, std::string>) {
        if (field.name == "source") {
          place = apply_edits(place, entry.lines);
          continue;
        }
      }
      read_field(entry.to, place);
    }
  });
}

template <class T>
void apply_to_list(const MemberChange& change, std::vector<T>& list) {
  const auto at =
      std::lower_bound(list.begin(), list.end(), change.name,
                       [](const T& member, const std::string& name) { return member.name < name; });
  const bool is_there = at != list.end() && at->name == change.name;
  if (is_there != (change.change != ChangeKind::kAdded)) {
    throw std::logic_error(fmt::format("{} is {}", change.name, name(change.change)));
  }
  if (change.change == ChangeKind::kRemoved) {
    list.erase(at);
  } else if (change.change == ChangeKind::kAdded) {
    T added;
    added.name = change.name;
    apply_changes(change, added);
    list.insert(at, std::move(added));
  } else {
    apply_changes(change, *at);
  }
}

Attribute* attribute_named(FlatConfig& config, const std::string& name) {
  for (auto& attribute : config.attributes) {
    if (attribute.name == name) return &attribute;
  }
  return nullptr;
}

void apply_binding(const BindingChange& change, FlatConfig& config) {
  auto* attribute = attribute_named(config, change.attribute);
  if (attribute == nullptr) return;  // removed, and said so
  attribute->address = change.to_address;
  attribute->connection = change.to_connection;
}

// JSON has no timestamps: a text is one where it stands for an attribute of that type.
void restore_type(Value& value, const std::string& attribute, FlatConfig& config) {
  const auto* named = attribute_named(config, attribute);
  if (named == nullptr) throw std::logic_error("there is no attribute " + attribute);
  auto typed = coerce(value, named->type);
  if (!typed) throw std::logic_error(typed.error().describe());
  value = *typed;
}

void restore_types(FlatConfig& config) {
  for (auto& attribute : config.attributes) restore_type(attribute.value, attribute.name, config);
  for (auto& alarm : config.alarms) {
    if (alarm.kind == AlarmKind::kValueMatch) restore_type(alarm.match, alarm.attribute, config);
  }
  for (auto& script : config.scripts) {
    auto& condition = script.trigger.condition;
    if (condition) restore_type(condition->value, condition->attribute, config);
  }
}

}  // namespace

std::string apply_edits(std::string_view from, const std::vector<LineEdit>& edits) {
  std::vector<std::string> lines{""};
  for (const char c : from) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  std::set<std::size_t> removed;
  std::vector<std::string> kept;
  for (const auto& edit : edits) {
    if (edit.kind == EditKind::kRemoved) removed.insert(static_cast<std::size_t>(edit.line));
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!removed.contains(i + 1)) kept.push_back(lines[i]);
  }
  for (const auto& edit : edits) {
    if (edit.kind == EditKind::kAdded) kept.insert(kept.begin() + edit.line - 1, edit.text);
  }
  return fmt::format("{}", fmt::join(kept, "\n"));
}

FlatConfig apply_diff(FlatConfig from, const Diff& diff) {
  for (const auto& change : diff.members) {
    switch (change.kind) {
      case MemberKind::kAlarm:
        apply_to_list(change, from.alarms);
        break;
      case MemberKind::kAttribute:
        apply_to_list(change, from.attributes);
        break;
      case MemberKind::kConnection:
        apply_to_list(change, from.connections);
        break;
      case MemberKind::kScript:
        apply_to_list(change, from.scripts);
        break;
      case MemberKind::kInstance:
        from.instance = change.name;
        apply_changes(change, from);
        break;
    }
  }
  for (const auto& change : diff.bindings) apply_binding(change, from);
  restore_types(from);
  return from;
}

}  // namespace fieldline::templates
