#include "common/lua/script.hpp"

#include <utility>

#include "common/base/check.hpp"
#include "common/lua/compile.hpp"
#include "common/lua/machine.hpp"

namespace fieldline::lua {
namespace {

Result<void> compile(const Program& program) {
  auto compiled = lua::compile(program.source, program.name);
  for (const auto& [name, source] : program.modules) {
    if (!compiled) break;
    compiled = lua::compile(*source, "shared." + name);
  }
  return compiled;
}

}  // namespace

Result<Script> Script::load(Program program, std::shared_ptr<const Library> library, const Clock& clock,
                            Print print) {
  if (auto compiled = compile(program); !compiled) return fail(std::move(compiled.error()));
  return Script(
      std::make_unique<const Setup>(Setup{std::move(program), std::move(library), clock, std::move(print)}));
}

Script::Script(std::unique_ptr<const Setup> setup) : setup_(std::move(setup)) {}
Script::Script(Script&&) noexcept = default;
Script& Script::operator=(Script&& other) noexcept {
  machine_ = std::move(other.machine_);  // first: it refers to the setup
  setup_ = std::move(other.setup_);
  time_ = other.time_;
  return *this;
}
Script::~Script() = default;

Outcome Script::start(const Values& arguments) {
  FIELDLINE_CHECK(!waiting());
  if (!machine_) {
    auto machine = Machine::build(*setup_);
    if (!machine) return Failed{FailureKind::kMemory, std::move(machine.error()), {}};
    machine_ = std::move(*machine);
  }
  return settle(machine_->start(arguments));
}

Outcome Script::resume(Result<Reply> answer) {
  FIELDLINE_CHECK(waiting());
  return settle(machine_->resume(std::move(answer)));
}

void Script::cancel() {
  FIELDLINE_CHECK(waiting());
  if (auto killed = machine_->cancel()) settle(std::move(*killed));
}

bool Script::waiting() const {
  return machine_ && machine_->pending.has_value();
}

std::size_t Script::memory() const {
  return machine_ ? machine_->heap().used() : 0;
}

Duration Script::time() const {
  return time_;
}

// Of a broken budget only the time stays.
Outcome Script::settle(Outcome outcome) {
  time_ = machine_->watch().time();
  if (auto* failed = std::get_if<Failed>(&outcome)) {
    if (failed->error.where.empty()) failed->error.where = setup_->program.name;
    if (failed->kind != FailureKind::kError) machine_.reset();
  }
  return outcome;
}

}  // namespace fieldline::lua
