#include "coordinator/security/principal.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "common/model/json.hpp"
#include "coordinator/security/limits.hpp"

namespace fieldline::security {
namespace {

Principal with(Grants grants) {
  Principal principal;
  principal.grants = std::move(grants);
  return principal;
}

}  // namespace

TEST_CASE("each role has its permissions and no other") {
  const std::map<Role, std::set<Permission>> expected{
      {Role::kViewer, {Permission::kView}},
      {Role::kDesigner, {Permission::kView, Permission::kDesign}},
      {Role::kDeployer, {Permission::kView, Permission::kDeploy}},
      {Role::kOperator, {Permission::kView, Permission::kOperate}},
      {Role::kAdmin,
       {Permission::kView, Permission::kDesign, Permission::kDeploy, Permission::kOperate,
        Permission::kAdminister}}};
  REQUIRE(expected.size() == kEnumNames<Role>.size());
  for (const auto& [role, permissions] : expected) {
    const auto principal = with({{role, std::nullopt}});
    for (std::size_t i = 0; i < kEnumNames<Permission>.size(); ++i) {
      const auto permission = static_cast<Permission>(i);
      INFO(name(role) << " " << name(permission));
      CHECK(may(principal, permission) == permissions.contains(permission));
      CHECK(may_everywhere(principal, permission) == permissions.contains(permission));
    }
  }
}

TEST_CASE("a grant that is limited holds at its sites, but for viewing") {
  const auto principal = with({{Role::kDeployer, {{"north", "west"}}}, {Role::kOperator, {{"south"}}}});
  CHECK(may(principal, Permission::kDeploy));
  CHECK_FALSE(may_everywhere(principal, Permission::kDeploy));
  CHECK(may_at(principal, Permission::kDeploy, "west"));
  CHECK_FALSE(may_at(principal, Permission::kDeploy, "south"));
  CHECK(may_at(principal, Permission::kOperate, "south"));
  CHECK(may_at(principal, Permission::kView, "elsewhere"));
  CHECK(may_everywhere(principal, Permission::kView));
  CHECK_FALSE(may(principal, Permission::kDesign));
  CHECK_FALSE(may_at(with({}), Permission::kView, "north"));
}

TEST_CASE("grants that mean nothing, or more than they say, are refused") {
  CHECK(check_grants({{Role::kDeployer, {{"north"}}}, {Role::kAdmin, std::nullopt}}));
  CHECK_FALSE(check_grants({{Role::kDeployer, std::vector<std::string>()}}));
  for (const auto role : {Role::kViewer, Role::kDesigner, Role::kAdmin})
    CHECK_FALSE(check_grants({{role, {{"north"}}}}));
  CHECK_FALSE(check_grants(Grants(kGrants + 1)));
  CHECK_FALSE(check_grants({{Role::kOperator, std::vector<std::string>(kGrantSites + 1, "n")}}));
}

TEST_CASE("grants are stored as they were") {
  const Grants grants{{Role::kDeployer, {{"north"}}}, {Role::kViewer, std::nullopt}};
  Grants read;
  REQUIRE(from_json(to_json(grants), read));
  CHECK(read == grants);
}

}  // namespace fieldline::security
