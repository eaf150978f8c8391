// The scripts of one instance: what triggers them, how they call each other, and the functions they
// call of the instance. Lives on the instance's strand.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "agent/runtime/attributes.hpp"
#include "agent/runtime/outside.hpp"
#include "agent/runtime/script_runner.hpp"
#include "agent/runtime/tally.hpp"
#include "agent/runtime/voice.hpp"
#include "common/base/result.hpp"
#include "common/model/flat_config.hpp"

namespace fieldline::runtime {

class Scripts {
 public:
  // `config` and `attributes` outlive this; `ask` answers on the strand.
  Scripts(const FlatConfig& config, Attributes& attributes, const Speaker& speaker, Ask ask);

  // Once, before all else: fails when one does not compile. `modules` are what they find as `shared`.
  Result<> load(const lua::Modules& modules);
  void start();
  // Gives all runs up.
  void stop();
  // The value of it is another, or has become usable.
  void attribute_changed(std::size_t attribute);
  void trigger(std::string_view script);

  // By path; null when there is none.
  [[nodiscard]] ScriptRunner* find(std::string_view path) const;
  void count(Tally& tally) const;

 private:
  void watch(std::string_view path, ScriptRunner& runner);

  const FlatConfig& config_;
  Attributes& attributes_;
  const Ask ask_;
  Voice log_;                                           // of the lines that scripts log
  std::vector<std::unique_ptr<ScriptRunner>> runners_;  // in the order of the configuration
  std::vector<std::vector<ScriptRunner*>> watchers_;    // attribute → those it triggers
};

}  // namespace fieldline::runtime
