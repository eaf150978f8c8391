#include "coordinator/templates/findings.hpp"

#include <fmt/format.h>

#include <tuple>

#include "coordinator/templates/limits.hpp"

namespace fieldline::templates {

bool Findings::ByPath::operator()(const Finding& a, const Finding& b) const {
  return std::tie(a.path, a.code, a.message) < std::tie(b.path, b.code, b.message);
}

void Findings::add(FindingCode code, std::string path, std::string message) {
  if (findings_.size() < kMaxFindings) {
    findings_.insert({std::string(name(code)), std::move(path), std::move(message)});
  }
}

Error Findings::error(std::string_view subject) const {
  const bool full = findings_.size() == kMaxFindings;
  return {ErrorCode::kValidationFailed,
          fmt::format("{}{} {} in {}; docs/findings.md says what to do", full ? "at least " : "",
                      findings_.size(), findings_.size() == 1 ? "finding" : "findings", subject),
          "",
          {findings_.begin(), findings_.end()}};
}

}  // namespace fieldline::templates
