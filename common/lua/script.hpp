// One script in its sandbox: its own Lua state, memory and globals, which last from run to run until
// a run breaks its time or memory budget; the next run then starts from the source afresh.
// Refuses bytecode, a second run during the first, and whatever touches file, process or network.
// Lives on one strand at a time, on a thread with at least 512 KiB of stack; scripts share nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/time.hpp"
#include "common/lua/library.hpp"
#include "common/lua/outcome.hpp"

namespace fieldline::lua {

// What one run may take. Time and instructions add up over its resumes; waiting is free.
struct Budget {
  Duration time = std::chrono::milliseconds(100);
  std::uint64_t instructions = 10'000'000;
  std::size_t memory = 8 * 1024 * 1024;  // of the state, so of all that the script keeps
};

// By name: source that returns the module. Many scripts hold the same text.
using Modules = std::map<std::string, std::shared_ptr<const std::string>>;

struct Program {
  std::string name;    // stands before the line in errors: "Start"
  std::string source;  // run from its top at each start; the arguments are its `...`
  Modules modules;     // shared.<name>
  Budget budget;
};

struct Setup;
class Machine;

class Script {
 public:
  // Where `print` goes, a line at a time.
  using Print = std::function<void(std::string_view line)>;

  // Fails when the program or a module doesn't compile. `clock` outlives the script.
  static Result<Script> load(Program program, std::shared_ptr<const Library> library, const Clock& clock,
                             Print print);
  Script(Script&&) noexcept;
  Script& operator=(Script&&) noexcept;
  ~Script();

  // Begins a run; none may be waiting.
  Outcome start(const Values& arguments = {});
  // Goes on with the waiting run: its call returns these values, or raises this error.
  Outcome resume(Result<Reply> answer);
  // Gives the waiting run up; its pending closes run within what is left of its budget.
  void cancel();

  [[nodiscard]] bool waiting() const;
  // Bytes that the script's state holds now.
  [[nodiscard]] std::size_t memory() const;
  // Time that the latest run has executed so far.
  [[nodiscard]] Duration time() const;

 private:
  explicit Script(std::unique_ptr<const Setup> setup);
  Outcome settle(Outcome outcome);

  std::unique_ptr<const Setup> setup_;  // outlives machine_
  std::unique_ptr<Machine> machine_;    // none before the first run and after a broken budget
  Duration time_{};
};

}  // namespace fieldline::lua
