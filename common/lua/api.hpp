// The functions that scripts find beside Lua's own (docs/scripts.md): what central knows of the library
// that the agent gives to them. Any thread.
#pragma once

#include <array>
#include <string_view>

namespace fieldline::lua {

struct ApiFunction {
  std::string_view name;
  bool names_something = false;  // by its first argument
};

inline constexpr auto kApi = std::to_array<ApiFunction>({
    {"attributes.get", true},
    {"attributes.set", true},
    {"database.query", true},
    {"database.write", true},
    {"external.call", true},
    {"external.send", true},
    {"instance.area"},
    {"instance.name"},
    {"log.debug"},
    {"log.error"},
    {"log.info"},
    {"log.warn"},
    {"notify.send", true},
    {"scripts.call", true},
    {"sleep"},
});

}  // namespace fieldline::lua
