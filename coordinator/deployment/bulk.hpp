// Deploying many instances of one site at once: what is asked for, and how it stands. Plain values.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/model/fields.hpp"
#include "common/model/order.hpp"

namespace fieldline::deployment {

// All conditions given must hold.
struct BulkSelection {
  std::string area;                                   // and everything below it; empty: any
  std::optional<std::vector<std::string>> instances;  // absent: any
  bool stale = false;                                 // only what is deployed otherwise than derived
  std::string template_name;                          // empty: any
};

struct BulkRequest {
  BulkSelection selection;
  std::optional<std::size_t> stop_after_failures;  // at least 1: after that many no more are begun
  std::string who;
};

// How one instance of a bulk stands.
enum class BulkState { kWaiting, kUnderWay, kSucceeded, kFailed, kSkipped };

}  // namespace fieldline::deployment

template <>
inline constexpr std::array fieldline::kEnumNames<fieldline::deployment::BulkState> =
    std::to_array<std::string_view>({"waiting", "under-way", "succeeded", "failed", "skipped"});

namespace fieldline::deployment {

struct BulkCounts {
  std::size_t failed = 0;
  std::size_t skipped = 0;
  std::size_t succeeded = 0;
  std::size_t under_way = 0;
  std::size_t waiting = 0;

  static constexpr auto fields = fields_in_order(
      required("failed", &BulkCounts::failed), required("skipped", &BulkCounts::skipped),
      required("succeeded", &BulkCounts::succeeded), required("under_way", &BulkCounts::under_way),
      required("waiting", &BulkCounts::waiting));
  friend bool operator==(const BulkCounts&, const BulkCounts&) = default;
};

// One bulk as a whole.
struct Bulk {
  BulkCounts counts;
  std::optional<Timestamp> finished;
  std::string id;
  std::string site;
  Timestamp started{};
  std::optional<std::size_t> stop_after_failures;
  bool stopped = false;  // by that many failures
  std::string who;

  [[nodiscard]] bool over() const { return finished.has_value(); }

  static constexpr auto fields = fields_in_order(
      required("counts", &Bulk::counts), defaulted("finished", &Bulk::finished), required("id", &Bulk::id),
      required("site", &Bulk::site), required("started", &Bulk::started),
      defaulted("stop_after_failures", &Bulk::stop_after_failures), required("stopped", &Bulk::stopped),
      required("who", &Bulk::who));
};

// Why an instance failed or was skipped.
struct BulkReason {
  std::vector<ReportedFinding> findings;
  std::string message;
  std::string reason;  // of its deployment, or "validation-failed", "conflict", "held", "stopped" …
};

struct BulkOutcome {
  std::string deployment;  // id; empty: none began
  std::vector<ReportedFinding> findings;
  std::string instance;
  std::string message;
  std::string reason;
  BulkState state = BulkState::kWaiting;

  static constexpr auto fields = fields_in_order(
      required("deployment", &BulkOutcome::deployment), required("findings", &BulkOutcome::findings),
      required("instance", &BulkOutcome::instance), required("message", &BulkOutcome::message),
      required("reason", &BulkOutcome::reason), required("state", &BulkOutcome::state));
};

// Some of the instances of a bulk, by name.
struct BulkPage {
  Bulk bulk;
  std::vector<BulkOutcome> instances;
  std::string next;  // the name that the next page follows; empty: the end
};

struct BulkQuery {
  std::string after;  // a name; empty: from the first
  std::size_t limit = 0;
  std::optional<BulkState> state;
};

// One instance went on, or, without one, the bulk is over.
struct BulkProgress {
  Bulk bulk;
  std::optional<BulkOutcome> instance;
};

}  // namespace fieldline::deployment
