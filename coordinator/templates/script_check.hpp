// What a script's source says for itself: whether it compiles, and which names it uses. Each source is
// looked at once, however many members have it. One thread at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/lua/globals.hpp"
#include "common/lua/literal_calls.hpp"
#include "coordinator/templates/findings.hpp"

namespace fieldline::templates {

struct SourceReport {
  struct Problem {
    int line = 0;  // 0: not known
    std::string message;
  };
  std::optional<Problem> problem;
  std::vector<lua::LiteralCall> calls;
  std::vector<lua::GlobalProblem> globals;
};

// What the source has wrong by itself, wherever it stands. `add` takes code, line (0: not known) and
// sentence.
void tell_of_source(const SourceReport& report,
                    const std::function<void(FindingCode, int, std::string)>& add);

class ScriptCheck {
 public:
  const SourceReport& report(const std::string& source);

 private:
  // Sources kept, in bytes; beyond that the memory starts anew.
  static constexpr std::size_t kMaxKept = std::size_t{16} << 20;

  std::unordered_map<std::string, SourceReport> reports_;
  std::size_t kept_ = 0;
};

}  // namespace fieldline::templates
