// What a test needs around a script: a clock, a library, a place where print goes.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/lua/script.hpp"

namespace fieldline::lua {

// Stands still, or moves on by `tick` each time it is read.
class TickingClock final : public Clock {
 public:
  explicit TickingClock(Duration tick = Duration::zero()) : tick_(tick) {}
  [[nodiscard]] Instant now() const override { return now_ += tick_; }
  [[nodiscard]] Timestamp utc() const override { return Timestamp(std::chrono::seconds(1'800'000'000)); }
  void advance(Duration by) { now_ += by; }

 private:
  Duration tick_;
  mutable Instant now_{};
};

struct Rig {
  Library library;
  Program program{"Start", "", {}, {}};
  TickingClock clock;
  std::vector<std::string> printed;

  void add_module(const std::string& name, std::string source) {
    program.modules[name] = std::make_shared<const std::string>(std::move(source));
  }

  Script load(std::string source) {
    program.source = std::move(source);
    auto script = Script::load(program, std::make_shared<Library>(library), clock,
                               [this](std::string_view line) { printed.emplace_back(line); });
    if (!script) FAIL(script.error().describe());
    return std::move(*script);
  }

  Outcome run(std::string source, const Values& arguments = {}) {
    return load(std::move(source)).start(arguments);
  }
  // The values that `source` returns.
  Values values(std::string source, const Values& arguments = {});
  // The one value, as text.
  std::string text(std::string source, const Values& arguments = {}) {
    const Values all = values(std::move(source), arguments);
    return all.size() == 1 ? to_text(all[0]) : std::to_string(all.size()) + " values";
  }
  // How `source` fails: "error: Start:1: boom".
  std::string failure(std::string source);
};

inline std::string describe(const Failed& failed) {
  return std::string(name(failed.kind)) + ": " + failed.error.where + ": " + failed.error.message;
}

inline Values done(const Outcome& outcome) {
  if (const auto* failed = std::get_if<Failed>(&outcome))
    FAIL(describe(*failed) << "\n" << failed->traceback);
  REQUIRE(std::holds_alternative<Done>(outcome));
  return std::get<Done>(outcome).values;
}

inline Failed failed(const Outcome& outcome) {
  REQUIRE(std::holds_alternative<Failed>(outcome));
  return std::get<Failed>(outcome);
}

inline Values Rig::values(std::string source, const Values& arguments) {
  return done(run(std::move(source), arguments));
}

inline std::string Rig::failure(std::string source) {
  return describe(failed(run(std::move(source))));
}

}  // namespace fieldline::lua
