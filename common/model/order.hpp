// What the coordinator asks of a node about one instance or its artifacts, and what the node answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/model/fields.hpp"
#include "common/model/flat_config.hpp"

namespace fieldline {

enum class OrderKind {
  kApply,    // store, compile, swap in, run: active nodes only
  kHold,     // store and compile, do not run: standby nodes only
  kDrop,     // forget: standby nodes only
  kDisable,  // stop running, keep the configuration
  kEnable,
  kDelete,     // stop running and forget
  kArtifacts,  // of no instance: hold this set of artifacts, whole
};
template <>
inline constexpr std::array kEnumNames<OrderKind> =
    std::to_array<std::string_view>({"apply", "hold", "drop", "disable", "enable", "delete", "artifacts"});

struct Order {
  Duration budget{};       // the node gives up before the swap when this, less 5 s, is over
  std::string deployment;  // id of the attempt; an order seen twice gets the stored report again
  std::string instance;    // empty for artifacts
  OrderKind kind = OrderKind::kApply;
  std::uint64_t number = 0;  // rises per instance; a node refuses one older than the last it saw
  Revision revision;         // of what it brings: apply, hold: the configuration; artifacts: the package
  std::uint64_t size = 0;    // bytes of that: a configuration at most 1 MiB, a package at most 18 MiB

  static constexpr auto fields =
      fields_in_order(required("budget", &Order::budget), required("deployment", &Order::deployment),
                      required("instance", &Order::instance), required("kind", &Order::kind),
                      required("number", &Order::number), defaulted("revision", &Order::revision),
                      defaulted("size", &Order::size));
  friend bool operator==(const Order&, const Order&) = default;
};

// The node has the order and will report.
struct Accepted {
  std::string deployment;

  static constexpr auto fields = fields_in_order(required("deployment", &Accepted::deployment));
  friend bool operator==(const Accepted&, const Accepted&) = default;
};

// How far an order came; a failure names the stage that failed.
enum class Stage { kQueued, kSent, kAccepted, kStored, kCompiled, kSwapped, kDone };
template <>
inline constexpr std::array kEnumNames<Stage> =
    std::to_array<std::string_view>({"queued", "sent", "accepted", "stored", "compiled", "swapped", "done"});

struct ReportedFinding {
  std::string code;
  std::string message;
  std::string path;

  static constexpr auto fields = fields_in_order(required("code", &ReportedFinding::code),
                                                 required("message", &ReportedFinding::message),
                                                 required("path", &ReportedFinding::path));
  friend bool operator==(const ReportedFinding&, const ReportedFinding&) = default;
};

// The end of an order at the node.
struct Report {
  std::string deployment;
  bool enabled = true;  // after the order
  std::vector<ReportedFinding> findings;
  std::string instance;
  std::string message;  // for people; empty on success
  std::string reason;  // stable code of a failure: "not-active", "stale-order", "does-not-compile" …; empty
                       // on success
  Revision revision;   // what the node has as current after the order; empty: nothing. Of artifacts the
                       // digest of their inventory
  Stage stage = Stage::kDone;  // done on success, else the stage that failed
  bool success = false;

  static constexpr auto fields =
      fields_in_order(required("deployment", &Report::deployment), required("enabled", &Report::enabled),
                      defaulted("findings", &Report::findings), required("instance", &Report::instance),
                      defaulted("message", &Report::message), defaulted("reason", &Report::reason),
                      defaulted("revision", &Report::revision), required("stage", &Report::stage),
                      required("success", &Report::success));
  friend bool operator==(const Report&, const Report&) = default;
};

}  // namespace fieldline
