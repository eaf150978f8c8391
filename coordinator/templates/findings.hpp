// Everything found wrong in one go: each thing once, at most kMaxFindings. The codes are explained
// in docs/findings.md.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "common/model/fields.hpp"

namespace fieldline::templates {

enum class FindingCode {
  kAddressNotBound,
  kBoundTwice,
  kCallCycle,
  kCompositionCycle,
  kConfigurationTooLarge,
  kInheritanceCycle,
  kInvalidAddress,
  kInvalidConnection,
  kLimitsOutOfOrder,
  kLuaSyntax,
  kMemberLocked,
  kMissingField,
  kNameCollision,
  kNameTooLong,
  kNotAddressed,
  kNotCallOnly,
  kOutOfRange,
  kReadOnlyAttribute,
  kReadOnlyGlobal,
  kSecretAbsent,
  kTooDeep,
  kTooManyMembers,
  kTypeMismatch,
  kUnknownAttribute,
  kUnknownConnection,
  kUnknownDatabaseConnection,
  kUnknownExternalSystem,
  kUnknownGlobal,
  kUnknownMember,
  kUnknownNotificationList,
  kUnknownParent,
  kUnknownScript,
  kUnknownSharedScript,
  kUnknownSite,
  kUnknownSmtpSettings,
  kUnknownTemplate,
  kUnusedField,
};

}  // namespace fieldline::templates

template <>
inline constexpr std::array fieldline::kEnumNames<fieldline::templates::FindingCode> =
    std::to_array<std::string_view>({
        "address-not-bound",
        "bound-twice",
        "call-cycle",
        "composition-cycle",
        "configuration-too-large",
        "inheritance-cycle",
        "invalid-address",
        "invalid-connection",
        "limits-out-of-order",
        "lua-syntax",
        "member-locked",
        "missing-field",
        "name-collision",
        "name-too-long",
        "not-addressed",
        "not-call-only",
        "out-of-range",
        "read-only-attribute",
        "read-only-global",
        "secret-absent",
        "too-deep",
        "too-many-members",
        "type-mismatch",
        "unknown-attribute",
        "unknown-connection",
        "unknown-database-connection",
        "unknown-external-system",
        "unknown-global",
        "unknown-member",
        "unknown-notification-list",
        "unknown-parent",
        "unknown-script",
        "unknown-shared-script",
        "unknown-site",
        "unknown-smtp-settings",
        "unknown-template",
        "unused-field",
    });

namespace fieldline::templates {

class Findings {
 public:
  void add(FindingCode code, std::string path, std::string message);
  [[nodiscard]] bool empty() const { return findings_.empty(); }
  // kValidationFailed, sorted by path.
  [[nodiscard]] Error error(std::string_view subject) const;

 private:
  struct ByPath {
    bool operator()(const Finding& a, const Finding& b) const;
  };

  std::set<Finding, ByPath> findings_;
};

}  // namespace fieldline::templates
