#include "agent/settings.hpp"

#include <fmt/format.h>

#include "common/model/names.hpp"

namespace fieldline::agent {
namespace {

Result<> check_names(const Settings& settings) {
  for (const auto& [key, value] : {std::pair{"site", settings.site}, std::pair{"node", settings.node}}) {
    if (!is_name(value)) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("'{}' is not a name: a letter, then up to 63 letters, digits, _ or -", value),
                  key);
    }
  }
  return {};
}

}  // namespace

settings::Table<Settings> settings_table() {
  settings::Table<Settings> table({"fieldline-agent", "Runs the instances of one node of a site.",
                                   FIELDLINE_VERSION, "/etc/fieldline/agent.yaml"});
  table.add("site", &Settings::site, "The site that this node belongs to.").required();
  table.add("node", &Settings::node, "The name of this node within its site.").required();
  table.add("role", &Settings::role,
            "Fixed role: the active node runs the site's instances, the standby holds their "
            "configurations. Never set two nodes of a site active.");
  table.add("coordinator.endpoint", &Settings::coordinator, "Where the coordinator listens for nodes.");
  table.add("coordinator.key_file", &Settings::coordinator_key,
            "File with the coordinator's public key: a copy of coordinator.pub from its state directory.");
  table.add("state", &Settings::state,
            "Directory for this node's key, configurations, messages and event log; made when missing.");
  table
      .add(
          "events.retention", [](Settings& s) -> Duration& { return s.retention.age; },
          "How long the site event log keeps events.")
      .range(std::chrono::hours(1), std::chrono::hours(24 * 3650));
  table
      .add(
          "events.max_bytes", [](Settings& s) -> std::int64_t& { return s.retention.bytes; },
          "How large the site event log may grow; the oldest events go first.")
      .range(1 << 20, std::int64_t{1} << 40);
  table
      .add(
          "events.purge_at", [](Settings& s) -> Duration& { return s.retention.purge_at; },
          "Time of day, UTC, of the daily purge, counted from midnight.")
      .range(Duration::zero(), std::chrono::hours(24));
  table
      .add(
          "outbox.max_bytes", [](Settings& s) -> std::int64_t& { return s.outbox.bytes; },
          "What one target may have waiting and parked at this node.")
      .range(1 << 20, std::int64_t{1} << 40);
  table
      .add(
          "outbox.max_age", [](Settings& s) -> Duration& { return s.outbox.age; },
          "How old the first message that waits for a target may become before it takes no more.")
      .range(std::chrono::minutes(1), std::chrono::hours(24 * 3650));
  table.add(
      "outbox.drop_oldest", [](Settings& s) -> bool& { return s.outbox.drop_oldest; },
      "A target that is full loses its oldest messages; else scripts are refused new ones.");
  table.add("threads", &Settings::threads, "Threads that run instances.").range(1, 64);
  table.add("log.level", &Settings::log_level, "The least severe that is logged.");
  table.check(check_names);
  return table;
}

}  // namespace fieldline::agent
