#include "common/lua/globals.hpp"

#include <algorithm>
#include <map>

#include "common/lua/global_uses.hpp"

namespace fieldline::lua {
namespace {

// The first lines on which a global is read and assigned; 0: never.
struct Record {
  int read = 0;
  int assigned = 0;
};

}  // namespace

std::vector<GlobalProblem> global_problems(std::string_view source) {
  const auto uses = global_uses(source);
  if (!uses) return {};
  std::map<std::string, Record> records;
  bool computed = false;
  for (const auto& use : *uses) {
    auto& record = records[use.name];
    auto& line = use.assigned ? record.assigned : record.read;
    if (line == 0) line = use.line;
    computed = computed || use.name == "_G" || use.name == "_ENV";
  }
  std::vector<GlobalProblem> problems;
  for (const auto& [name, record] : records) {
    if (sandbox_names().contains(name)) {
      if (record.assigned > 0) problems.push_back({GlobalFault::kReadOnly, name, record.assigned});
    } else if (!computed && record.assigned == 0) {
      problems.push_back({GlobalFault::kUnknown, name, record.read});
    } else if (!computed && record.read == 0) {
      problems.push_back({GlobalFault::kNeverRead, name, record.assigned});
    }
  }
  return problems;
}

}  // namespace fieldline::lua
