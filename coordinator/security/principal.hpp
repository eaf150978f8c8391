// Who makes a request and what they may do, and where. Plain values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/model/fields.hpp"

namespace fieldline::security {

enum class Permission {
  kView,        // read anything but secrets
  kDesign,      // change templates, artifacts, instances, connections
  kDeploy,      // change what runs at sites
  kOperate,     // write values, acknowledge alarms, mend outboxes, switch nodes
  kAdminister,  // sites, nodes and their keys, users, tokens
};
enum class Role { kViewer, kDesigner, kDeployer, kOperator, kAdmin };

}  // namespace fieldline::security

namespace fieldline {

template <>
inline constexpr std::array kEnumNames<security::Permission> =
    std::to_array<std::string_view>({"view", "design", "deploy", "operate", "administer"});
template <>
inline constexpr std::array kEnumNames<security::Role> =
    std::to_array<std::string_view>({"viewer", "designer", "deployer", "operator", "admin"});

}  // namespace fieldline

namespace fieldline::security {

struct Grant {
  Role role = Role::kViewer;
  // Where it holds; absent: everywhere. Only what a deployer or an operator does can be limited: they
  // view everything all the same.
  std::optional<std::vector<std::string>> sites;

  static constexpr auto fields =
      fields_in_order(required("role", &Grant::role), defaulted("sites", &Grant::sites));
  friend bool operator==(const Grant&, const Grant&) = default;
};
using Grants = std::vector<Grant>;

// kInvalid: sites where there can be none, no site, or more than the limits allow.
Result<> check_grants(const Grants& grants);

struct Principal {
  std::string name;        // of the user, or of the service token: no two share one
  bool is_user = false;    // else a service token
  Grants grants;           // as they were when the request came
  std::string token;       // the name of the token that came with the request; empty: a session did
  std::string credential;  // the hash of the token or of the session's secret
  std::string csrf;        // what a session's requests must repeat in a header to change anything
};

bool is_admin(const Grants& grants);
// At one site at least, or everywhere when the permission can't be limited.
bool may(const Principal& principal, Permission permission);
bool may_at(const Principal& principal, Permission permission, std::string_view site);
bool may_everywhere(const Principal& principal, Permission permission);

}  // namespace fieldline::security
