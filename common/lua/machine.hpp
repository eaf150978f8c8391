// One Lua state and what surrounds it: heap, watch, the thread that runs execute on, what the run
// waits for. Built from the program's source; thrown away as a whole when its watch has killed a run.
// The script's strand.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "common/lua/heap.hpp"
#include "common/lua/outcome.hpp"
#include "common/lua/script.hpp"
#include "common/lua/watch.hpp"

struct lua_State;

namespace fieldline::lua {

// What a script is made of, fixed at its load.
struct Setup {
  Program program;
  std::shared_ptr<const Library> library;
  const Clock& clock;
  Script::Print print;
};

class Machine {
 public:
  // Fails when the memory limit doesn't hold the empty sandbox.
  static Result<std::unique_ptr<Machine>> build(const Setup& setup);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // The machine that a Lua thread belongs to.
  static Machine& of(lua_State* thread);

  Outcome start(const Values& arguments);
  Outcome resume(Result<Reply> answer);
  // Empty when the closes of the run that was given up stayed within the budget.
  std::optional<Failed> cancel();

  [[nodiscard]] const Setup& setup() const { return setup_; }
  [[nodiscard]] Watch& watch() { return watch_; }
  [[nodiscard]] const Watch& watch() const { return watch_; }
  [[nodiscard]] const Heap& heap() const { return heap_; }
  // The thread of the run itself, as opposed to the coroutines that the script creates.
  [[nodiscard]] lua_State* run() const { return run_; }

  // Set by a host function on its way to wait; the run then yields through all its coroutines.
  std::optional<Request> pending;
  // What the host answered; taken by the function that waited.
  std::optional<Result<Reply>> answer;
  // Calls on the stack through which a coroutine's wait can't be passed on.
  int barriers = 0;
  // Calls of coroutine.close, and its like, on the stack.
  int closes = 0;
  // The modules whose source is running.
  std::set<std::string> loading;

 private:
  explicit Machine(const Setup& setup);
  void shielded(const std::function<void()>& work);
  Outcome step(int arguments);
  Outcome settle(int status, int results);
  Outcome finished(int results);
  Failed failed();
  void reset();

  const Setup& setup_;
  Heap heap_;
  Watch watch_;
  lua_State* state_ = nullptr;
  lua_State* run_ = nullptr;
};

// Counts `steps` for what `thread` runs; see Watch.
inline void charge(lua_State* thread, std::uint64_t steps) {
  Machine::of(thread).watch().charge(thread, steps);
}

// Counts itself in `count` for as long as it lives.
class Counted {
 public:
  explicit Counted(int& count, int by = 1) : count_(count), by_(by) { count_ += by_; }
  ~Counted() { count_ -= by_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  int& count_;
  const int by_;
};

}  // namespace fieldline::lua
