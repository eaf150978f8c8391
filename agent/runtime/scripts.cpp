#include "agent/runtime/scripts.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "agent/runtime/limits.hpp"
#include "agent/runtime/script_library.hpp"
#include "common/base/check.hpp"

namespace fieldline::runtime {
namespace {

bool is_conditional(const ScriptRunner& runner) {
  return runner.definition().trigger.kind == TriggerKind::kCondition;
}

}  // namespace

Scripts::Scripts(const FlatConfig& config, Attributes& attributes, const Speaker& speaker, Ask ask)
    : config_(config),
      attributes_(attributes),
      ask_(std::move(ask)),
      log_(speaker, Category::kScript, kLogRate),
      watchers_(config.attributes.size()) {
  for (const auto& script : config.scripts) {
    auto& runner = *runners_.emplace_back(std::make_unique<ScriptRunner>(script, speaker));
    if (script.trigger.kind == TriggerKind::kCondition) watch(script.trigger.condition->attribute, runner);
    if (script.trigger.kind != TriggerKind::kValueChange) continue;
    for (const auto& path : script.trigger.attributes) watch(path, runner);
  }
}

void Scripts::watch(std::string_view path, ScriptRunner& runner) {
  const auto watched = attributes_.find(path);
  FIELDLINE_CHECK(watched.has_value());
  watchers_[*watched].push_back(&runner);
}

Result<> Scripts::load(const lua::Modules& modules) {
  for (const auto& runner : runners_) {
    const auto source = "scripts/" + runner->definition().name;
    auto print = [this, source](std::string_view line) {
      log_.say(Severity::kInfo, source, std::string(line));
    };
    auto loaded =
        runner->load(script_library({config_, attributes_, *this, *runner, log_, ask_}), modules, print);
    if (!loaded) return loaded;
  }
  return {};
}

void Scripts::start() {
  for (const auto& runner : runners_) runner->start();
  for (std::size_t i = 0; i < watchers_.size(); ++i) {
    for (auto* runner : watchers_[i]) {
      if (is_conditional(*runner)) runner->weigh(attributes_.sample(i));
    }
  }
}

void Scripts::stop() {
  for (const auto& runner : runners_) runner->stop();
  log_.flush();
}

void Scripts::attribute_changed(std::size_t attribute) {
  for (auto* runner : watchers_[attribute]) {
    if (is_conditional(*runner)) {
      runner->weigh(attributes_.sample(attribute));
    } else {
      runner->trigger();
    }
  }
}

void Scripts::trigger(std::string_view script) {
  auto* runner = find(script);
  FIELDLINE_CHECK(runner != nullptr);
  runner->trigger();
}

ScriptRunner* Scripts::find(std::string_view path) const {
  const auto found =
      std::lower_bound(runners_.begin(), runners_.end(), path,
                       [](const std::unique_ptr<ScriptRunner>& runner, std::string_view wanted) {
                         return runner->definition().name < wanted;
                       });
  return found != runners_.end() && (*found)->definition().name == path ? found->get() : nullptr;
}

void Scripts::count(Tally& tally) const {
  for (const auto& runner : runners_) runner->count(tally);
}

}  // namespace fieldline::runtime
