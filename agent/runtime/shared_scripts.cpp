#include "agent/runtime/shared_scripts.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "common/lua/compile.hpp"
#include "common/lua/literal_calls.hpp"

namespace fieldline::runtime {
namespace {

constexpr std::string_view kFolder = "shared-scripts/";

std::vector<std::string> modules_named_in(const std::string& source) {
  std::vector<std::string> names;
  for (auto& call : lua::literal_calls(source)) {
    if (call.api == "shared") names.push_back(std::move(call.name));
  }
  return names;
}

}  // namespace

Result<SharedScripts> SharedScripts::compile(lua::Modules sources) {
  SharedScripts shared;
  std::vector<Finding> findings;
  for (const auto& [name, source] : sources) {
    const auto path = std::string(kFolder) + name;
    if (const auto compiled = lua::compile(*source, path); !compiled) {
      const auto& error = compiled.error();
      findings.push_back({"lua-syntax", error.where.empty() ? path : error.where, error.message});
    }
    shared.named_[name] = modules_named_in(*source);
  }
  if (!findings.empty()) {
    return fail({ErrorCode::kInvalid,
                 fmt::format("{} shared scripts do not compile", findings.size()),
                 {},
                 std::move(findings)});
  }
  shared.sources_ = std::move(sources);
  return shared;
}

Result<lua::Modules> SharedScripts::needed_by(const std::vector<std::string>& artifacts) const {
  std::vector<std::string> open;
  for (const auto& key : artifacts) {
    if (key.starts_with(kFolder)) open.push_back(key.substr(kFolder.size()));
  }
  lua::Modules needed;
  std::map<std::string, Finding> absent;
  while (!open.empty()) {
    const auto name = std::move(open.back());
    open.pop_back();
    const auto found = sources_.find(name);
    if (found == sources_.end()) {
      const auto key = std::string(kFolder) + name;
      absent.try_emplace(name, Finding{"artifact-absent", key, "it is named and not held here"});
    } else if (needed.insert(*found).second) {
      const auto& more = named_.at(name);
      open.insert(open.end(), more.begin(), more.end());
    }
  }
  if (absent.empty()) return needed;
  std::vector<Finding> findings;
  for (auto& [name, finding] : absent) findings.push_back(std::move(finding));
  return fail({ErrorCode::kNotFound,
               fmt::format("{} shared scripts are not held here", findings.size()),
               {},
               std::move(findings)});
}

}  // namespace fieldline::runtime
