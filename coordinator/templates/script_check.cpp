#include "coordinator/templates/script_check.hpp"

#include <charconv>
#include <string_view>

#include "common/lua/compile.hpp"

namespace fieldline::templates {
namespace {

// Of "script:12".
int line_of(std::string_view where) {
  const auto digits = where.substr(where.rfind(':') + 1);
  int line = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), line);
  return line;
}

SourceReport examine(const std::string& source) {
  SourceReport report;
  if (const auto compiled = lua::compile(source, "script"); !compiled) {
    report.problem = {line_of(compiled.error().where), compiled.error().message};
  } else {
    report.calls = lua::literal_calls(source);
  }
  return report;
}

}  // namespace

const SourceReport& ScriptCheck::report(const std::string& source) {
  if (const auto known = reports_.find(source); known != reports_.end()) return known->second;
  if (kept_ > kMaxKept) {
    reports_.clear();
    kept_ = 0;
  }
  kept_ += source.size();
  return reports_.emplace(source, examine(source)).first->second;
}

}  // namespace fieldline::templates
