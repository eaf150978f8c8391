// Who makes a request and what they may do. Plain values.
#pragma once

#include <array>
#include <bitset>
#include <string>
#include <string_view>

namespace fieldline::security {

enum class Permission {
  kView,        // read anything but secrets
  kDesign,      // change templates, instances, connections
  kDeploy,      // change what runs at sites
  kAdminister,  // sites, nodes and their keys
};
inline constexpr std::size_t kPermissions = 4;
inline constexpr std::array<std::string_view, kPermissions> kPermissionNames{"view", "design", "deploy",
                                                                             "administer"};

using Grants = std::bitset<kPermissions>;
inline const Grants kEverything = Grants().set();

struct Principal {
  std::string name;  // of the token, as records show it
  Grants grants;
};

inline bool may(const Principal& principal, Permission permission) {
  return principal.grants.test(static_cast<std::size_t>(permission));
}

inline std::string_view name(Permission permission) {
  return kPermissionNames[static_cast<std::size_t>(permission)];
}

}  // namespace fieldline::security
