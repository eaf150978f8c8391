// The rule for names, and the stable spelling of paths.
#pragma once

#include <string_view>

namespace fieldline {

// [A-Za-z][A-Za-z0-9_-]{0,63}: sites, nodes, connections, templates, instances, members.
bool is_name(std::string_view text);
// Names joined by '.', as members of slots are called: "Pump1.Speed".
bool is_member_path(std::string_view text);
// Names joined by '/', or empty: the place of an instance in the plant.
bool is_area_path(std::string_view text);

}  // namespace fieldline
