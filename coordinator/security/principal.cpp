#include "coordinator/security/principal.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/security/limits.hpp"

namespace fieldline::security {
namespace {

bool can_be_limited(Role role) {
  return role == Role::kDeployer || role == Role::kOperator;
}

bool gives(Role role, Permission permission) {
  switch (permission) {
    case Permission::kView:
      return true;
    case Permission::kDesign:
      return role == Role::kDesigner || role == Role::kAdmin;
    case Permission::kDeploy:
      return role == Role::kDeployer || role == Role::kAdmin;
    case Permission::kOperate:
      return role == Role::kOperator || role == Role::kAdmin;
    case Permission::kAdminister:
      return role == Role::kAdmin;
  }
  return false;
}

// Viewing is never limited.
bool everywhere(const Grant& grant, Permission permission) {
  return gives(grant.role, permission) && (permission == Permission::kView || !grant.sites);
}

Result<> check_grant(const Grant& grant, const std::string& place) {
  if (!grant.sites) return {};
  if (!can_be_limited(grant.role))
    return fail(ErrorCode::kInvalid, fmt::format("the role {} can't be limited to sites", name(grant.role)),
                place + "/sites");
  if (grant.sites->empty())
    return fail(ErrorCode::kInvalid, "name the sites, or leave `sites` out for all of them",
                place + "/sites");
  if (grant.sites->size() > kGrantSites)
    return fail(ErrorCode::kInvalid, fmt::format("a grant names {} sites at most", kGrantSites),
                place + "/sites");
  return {};
}

}  // namespace

Result<> check_grants(const Grants& grants) {
  if (grants.size() > kGrants)
    return fail(ErrorCode::kInvalid, fmt::format("there may be {} grants at most", kGrants), "/grants");
  for (std::size_t i = 0; i < grants.size(); ++i) {
    if (auto sound = check_grant(grants[i], fmt::format("/grants/{}", i)); !sound) return sound;
  }
  return {};
}

bool is_admin(const Grants& grants) {
  return std::ranges::find(grants, Role::kAdmin, &Grant::role) != grants.end();
}

bool may(const Principal& principal, Permission permission) {
  return std::ranges::any_of(principal.grants,
                             [&](const Grant& grant) { return gives(grant.role, permission); });
}

bool may_at(const Principal& principal, Permission permission, std::string_view site) {
  return std::ranges::any_of(principal.grants, [&](const Grant& grant) {
    return everywhere(grant, permission) ||
           (gives(grant.role, permission) && std::ranges::find(*grant.sites, site) != grant.sites->end());
  });
}

bool may_everywhere(const Principal& principal, Permission permission) {
  return std::ranges::any_of(principal.grants,
                             [&](const Grant& grant) { return everywhere(grant, permission); });
}

}  // namespace fieldline::security
