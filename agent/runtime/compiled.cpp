#include "agent/runtime/compiled.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "agent/runtime/limits.hpp"
#include "common/lua/compile.hpp"

namespace fieldline::runtime {
namespace {

Result<> within(std::string_view what, std::size_t count, std::size_t limit) {
  if (count <= limit) return {};
  return fail(ErrorCode::kTooLarge,
              fmt::format("an instance has at most {} {}, this one has {}", limit, what, count));
}

Result<> check_limits(const FlatConfig& config) {
  if (auto fits = within("attributes", config.attributes.size(), kAttributes); !fits) return fits;
  if (auto fits = within("alarms", config.alarms.size(), kAlarms); !fits) return fits;
  return within("scripts", config.scripts.size(), kScripts);
}

std::vector<Finding> compile_scripts(const FlatConfig& config) {
  std::vector<Finding> findings;
  for (const auto& script : config.scripts) {
    const auto compiled = lua::compile(script.source, script.name);
    if (compiled) continue;
    const auto& error = compiled.error();
    findings.push_back(
        {"lua-syntax", "scripts/" + (error.where.empty() ? script.name : error.where), error.message});
  }
  return findings;
}

}  // namespace

Result<Compiled> Compiled::compile(FlatConfig config, lua::Modules modules) {
  if (auto checked = check(config); !checked) return fail(std::move(checked.error()));
  if (auto limited = check_limits(config); !limited) return fail(std::move(limited.error()));
  auto findings = compile_scripts(config);
  if (!findings.empty()) {
    return fail({ErrorCode::kInvalid, fmt::format("{} of its scripts do not compile", findings.size()),
                 config.instance, std::move(findings)});
  }
  return Compiled(std::make_shared<const FlatConfig>(std::move(config)), std::move(modules));
}

Compiled Compiled::with(lua::Modules modules) const {
  return Compiled(config_, std::move(modules));
}

}  // namespace fieldline::runtime
