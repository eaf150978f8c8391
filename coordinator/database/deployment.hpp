// What is known of the latest operation on an instance, and of what its site runs. Plain values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/time.hpp"
#include "common/model/fields.hpp"
#include "common/model/flat_config.hpp"
#include "common/model/order.hpp"

namespace fieldline::database {

enum class DeploymentKind { kDeploy, kDisable, kEnable, kDelete };
enum class DeploymentState { kPending, kInProgress, kSuccess, kFailed };
// How the standby of the site stands to what is deployed.
enum class StandbyState { kStored, kBehind, kAbsent, kRefused };

}  // namespace fieldline::database

namespace fieldline {

template <>
inline constexpr std::array kEnumNames<database::DeploymentKind> =
    std::to_array<std::string_view>({"deploy", "disable", "enable", "delete"});
template <>
inline constexpr std::array kEnumNames<database::DeploymentState> =
    std::to_array<std::string_view>({"pending", "in-progress", "success", "failed"});
template <>
inline constexpr std::array kEnumNames<database::StandbyState> =
    std::to_array<std::string_view>({"stored", "behind", "absent", "refused"});

}  // namespace fieldline

namespace fieldline::database {

// One attempt. Only the latest of each instance is kept.
struct Deployment {
  std::vector<ReportedFinding> findings;  // of the node that refused
  std::optional<Timestamp> finished;
  std::string id;
  std::string instance;
  DeploymentKind kind = DeploymentKind::kDeploy;
  std::string message;  // of a failure, for people
  std::string reason;   // of a failure: "site-unreachable", "no-answer" … or the node's own code
  Revision revision;    // deploy: of the configuration sent
  std::string site;
  Stage stage = Stage::kQueued;         // how far it came
  std::optional<StandbyState> standby;  // at the time of asking, never stored; absent: no second node
  std::string standby_message;          // why it refused
  Timestamp started{};
  DeploymentState state = DeploymentState::kPending;
  std::vector<ReportedFinding> warnings;  // deploy: that nothing failed for
  std::string who;

  [[nodiscard]] bool open() const {
    return state == DeploymentState::kPending || state == DeploymentState::kInProgress;
  }

  static constexpr auto fields = fields_in_order(
      defaulted("findings", &Deployment::findings), defaulted("finished", &Deployment::finished),
      required("id", &Deployment::id), required("instance", &Deployment::instance),
      required("kind", &Deployment::kind), defaulted("message", &Deployment::message),
      defaulted("reason", &Deployment::reason), defaulted("revision", &Deployment::revision),
      required("site", &Deployment::site), required("stage", &Deployment::stage),
      defaulted("standby", &Deployment::standby), defaulted("standby_message", &Deployment::standby_message),
      required("started", &Deployment::started), required("state", &Deployment::state),
      defaulted("warnings", &Deployment::warnings), required("who", &Deployment::who));
  friend bool operator==(const Deployment&, const Deployment&) = default;
};

// What the active node of a site has as current for an instance, as far as central knows.
struct Deployed {
  bool enabled = true;
  std::string instance;
  Revision revision;
  Timestamp since{};  // of this revision
  std::string site;

  static constexpr auto fields =
      fields_in_order(required("enabled", &Deployed::enabled), required("instance", &Deployed::instance),
                      required("revision", &Deployed::revision), required("since", &Deployed::since),
                      required("site", &Deployed::site));
  friend bool operator==(const Deployed&, const Deployed&) = default;
};

// A configuration that was sent, or is about to be, with where each of its fields came from.
struct SentConfig {
  std::string bytes;
  std::string instance;
  std::string provenance;  // MessagePack; empty: not known
  Revision revision;

  friend bool operator==(const SentConfig&, const SentConfig&) = default;
};

}  // namespace fieldline::database
