// The functions that an instance gives to one script of it (docs/scripts.md): attributes.get and
// .set, external.call, database.query, scripts.call, sleep, log.*, instance.name and .area. On the
// instance's strand.
#pragma once

#include <memory>

#include "agent/runtime/outside.hpp"
#include "common/lua/library.hpp"
#include "common/model/flat_config.hpp"

namespace fieldline::runtime {

class Attributes;
class ScriptRunner;
class Scripts;
class Voice;

// All of it outlives the library.
struct ScriptSurroundings {
  const FlatConfig& config;
  Attributes& attributes;
  const Scripts& scripts;
  ScriptRunner& self;
  Voice& log;
  const Ask& ask;  // answers on the strand, never inside the call
};

std::shared_ptr<const lua::Library> script_library(const ScriptSurroundings& surroundings);

}  // namespace fieldline::runtime
