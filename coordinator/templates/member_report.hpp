// Says where a member is wrong: at the place that wrote the fields in question last.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "coordinator/templates/expansion.hpp"

namespace fieldline::templates {

template <class T>
constexpr std::string_view folder_of();
template <>
constexpr std::string_view folder_of<Alarm>() {
  return "alarms";
}
template <>
constexpr std::string_view folder_of<Attribute>() {
  return "attributes";
}
template <>
constexpr std::string_view folder_of<Script>() {
  return "scripts";
}

template <class T>
class MemberReport {
 public:
  MemberReport(const Expansion& tree, const std::string& name, const Member<T>& member, Findings& findings)
      : tree_(tree), name_(name), member_(member), findings_(findings) {}

  // `fields` are those that are wrong together; the path ends with the one written last.
  void add(FindingCode code, std::initializer_list<std::string_view> fields, std::string message) const {
    auto last = *fields.begin();
    for (const auto field : fields) {
      if (member_.has(field) && member_.origin(field) >= member_.origin(last)) last = field;
    }
    findings_.add(code, path(member_.origin(last)) + "/" + std::string(last), std::move(message));
  }

  // At a line of the text in `field`; 0: the line is not known.
  void add_at_line(FindingCode code, std::string_view field, int line, std::string message) const {
    const auto place = path(member_.origin(field));
    findings_.add(code, line > 0 ? place + ":" + std::to_string(line) : place, std::move(message));
  }

  void require_fields() const {
    for_each_field<T>([&](const auto& field, auto index) {
      if (!field.required || !is_authored<T>(field.name) || member_.partial.given.test(index)) return;
      findings_.add(FindingCode::kMissingField, path(member_.definer),
                    "the field '" + std::string(field.name) + "' is missing");
    });
  }

 private:
  [[nodiscard]] std::string path(PartId part) const { return tree_.path(part, folder_of<T>(), name_); }

  const Expansion& tree_;
  const std::string& name_;
  const Member<T>& member_;
  Findings& findings_;
};

}  // namespace fieldline::templates
