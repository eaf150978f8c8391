// Watches the budget of a script's runs. It counts Lua's instructions, and the work of C functions
// as such; every kCheckInterval of them it looks at the clock. A run over its budget is killed: an
// error that is raised again wherever the script would catch it. Only a new state forgets a kill.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/time.hpp"
#include "common/lua/heap.hpp"
#include "common/lua/outcome.hpp"
#include "common/lua/script.hpp"

struct lua_State;

namespace fieldline::lua {

class Watch {
 public:
  Watch(const Clock& clock, const Budget& budget, const Heap& heap);
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Counts `thread`'s instructions from now on, and those of the coroutines that it will create.
  void attach(lua_State* thread);

  // A new run: everything counts from zero.
  void begin();
  // The run executes from here …
  void enter();
  // … to here.
  void leave();
  // What the run has executed so far.
  [[nodiscard]] Duration time() const;
  [[nodiscard]] bool overdue() const { return time() > budget_.time; }

  // Adds work done outside of Lua's instructions. These two raise in `thread` when the run is killed.
  void charge(lua_State* thread, std::uint64_t steps);
  void check(lua_State* thread);
  // Kills the run if it is over its budget, and remembers `thread`'s stack.
  void observe(lua_State* thread);
  [[nodiscard]] const std::optional<Failed>& killed() const { return killed_; }

 private:
  [[nodiscard]] bool fits(lua_State* thread) const;
  void kill(lua_State* thread, FailureKind kind, std::string message);

  const Clock& clock_;
  const Budget& budget_;
  const Heap& heap_;
  Duration time_{};  // of the run, before it was entered last
  std::optional<Instant> entered_;
  std::uint64_t steps_ = 0;
  std::uint64_t unchecked_ = 0;
  std::optional<Failed> killed_;
};

}  // namespace fieldline::lua
