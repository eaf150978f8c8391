// The functions that the host gives to its scripts, by their Lua names: "attributes.get", "sleep".
// A plain value; filled once, then shared by scripts. They run on the strand of the calling script.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "common/base/result.hpp"
#include "common/model/json.hpp"
#include "common/model/value.hpp"

namespace fieldline::lua {

// Arguments and results. A Timestamp reaches Lua as an RFC 3339 string; Lua has no way back. What Lua
// gives holds UTF-8 only.
using Values = std::vector<Value>;

// What the host answers later: to an Asking function one JSON value, which may be a table, to any other
// values.
using Reply = std::variant<Values, Json>;

// The host's own number for something that it answers later.
enum class Request : std::uint64_t {};

// An Error becomes a Lua error at the line of the call, with its message.
using Immediate = std::function<Result<Values>(Values arguments)>;
// May answer at once, or with the Request that the run then waits for. Whether it does is for the run's
// Outcome to say: a run that breaks its budget in this very call doesn't come to wait.
using Awaiting = std::function<Result<std::variant<Values, Request>>(Values arguments)>;

// Takes tables too: the arguments come as one list. Always waits.
using Asking = std::function<Result<Request>(Json arguments)>;

class Library {
 public:
  // `name` is a global, "sleep", or a member of a table, "attributes.get"; never defined twice.
  void immediate(std::string name, Immediate function);
  // Refused, before the host hears of it, where Lua can't wait: in a comparator of table.sort, a
  // replacement of string.gsub, a metamethod called from C, a module's top level.
  void awaiting(std::string name, Awaiting function);

  // Likewise.
  void asking(std::string name, Asking function);

  using Function = std::variant<Immediate, Awaiting, Asking>;
  [[nodiscard]] const std::map<std::string, Function>& functions() const { return functions_; }

 private:
  std::map<std::string, Function> functions_;
};

}  // namespace fieldline::lua
