#include "coordinator/templates/script_check.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "common/base/check.hpp"
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
    report.globals = lua::global_problems(source);
  }
  return report;
}

FindingCode code_of(lua::GlobalFault fault) {
  return fault == lua::GlobalFault::kReadOnly ? FindingCode::kReadOnlyGlobal : FindingCode::kUnknownGlobal;
}

std::string sentence_of(const lua::GlobalProblem& problem) {
  switch (problem.fault) {
    case lua::GlobalFault::kUnknown:
      return fmt::format("there is no global '{}', and the script assigns none", problem.name);
    case lua::GlobalFault::kNeverRead:
      return fmt::format(
          "the global '{}' is assigned, but never read: is `local` missing, or the name misspelt?",
          problem.name);
    case lua::GlobalFault::kReadOnly:
      return fmt::format("'{}' belongs to the sandbox and can't be assigned", problem.name);
  }
  FIELDLINE_UNREACHABLE();
}

}  // namespace

void tell_of_source(const SourceReport& report,
                    const std::function<void(FindingCode, int, std::string)>& add) {
  if (report.problem) add(FindingCode::kLuaSyntax, report.problem->line, report.problem->message);
  for (const auto& problem : report.globals) add(code_of(problem.fault), problem.line, sentence_of(problem));
}

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
