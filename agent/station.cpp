#include "agent/station.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "agent/health/vitals.hpp"
#include "agent/pages.hpp"
#include "common/wire/artifacts.hpp"
#include "common/wire/config.hpp"

namespace fieldline::agent {
namespace {

// Connections that a health message names; a site with more shows the first.
constexpr std::size_t kReportedConnections = 500;
// Of a connection's error, in a health message: 500 of them fit its limit.
constexpr std::size_t kReportedError = 300;

// A text value of any length, cut so that its sample fits a page.
void shorten(AttributeValue& value) {
  constexpr std::size_t kLongest = 4096;
  auto* text = std::get_if<std::string>(&value.sample.value);
  if (text == nullptr || text->size() <= kLongest) return;
  auto end = kLongest;
  while (end > 0 && (static_cast<unsigned char>((*text)[end]) & 0xC0) == 0x80)
    --end;  // not inside a UTF-8 sequence
  *text = text->substr(0, end) + fmt::format("… ({} bytes)", text->size());
}

}  // namespace

Station::Station(const Rooms& rooms, std::string site, std::string node, std::string peer,
                 std::filesystem::path state)
    : rooms_(rooms),
      site_(std::move(site)),
      node_(std::move(node)),
      peer_(std::move(peer)),
      state_(std::move(state)),
      started_(rooms.loop.clock().now()) {}

Hello Station::hello() {
  Hello hello;
  hello.site = site_;
  hello.node = node_;
  hello.role = rooms_.pair.role();
  hello.epoch = rooms_.pair.epoch();
  hello.term = rooms_.store.term();
  hello.software = "fieldline-agent " FIELDLINE_VERSION;
  hello.inventory_digest = wire::digest(rooms_.store.inventory());
  hello.artifacts_digest = wire::artifacts_digest(rooms_.artifacts.inventory());
  return hello;
}

void Station::welcomed(const Welcome& welcome) {
  online_ = true;
  spdlog::info("connected to the coordinator, term {}", welcome.term);
  log(Severity::kInfo, "connected to the coordinator");
}

// Attempts that fail one after the other are one event, not thousands.
void Station::disconnected(std::string_view why) {
  spdlog::info("not connected to the coordinator: {}", why);
  if (online_) log(Severity::kWarning, fmt::format("connection to the coordinator lost: {}", why));
  online_ = false;
}

void Station::inventory(const InventoryQuery& query, Reply<InventoryPage> reply) {
  auto [items, next] = page_of(rooms_.store.inventory(), query.cursor,
                               [](const InventoryItem& item) { return item.instance; });
  reply({std::move(items), std::move(next)});
}

void Station::artifacts(const ArtifactsQuery& query, Reply<ArtifactsPage> reply) {
  auto [items, next] =
      page_of(rooms_.artifacts.inventory(), query.cursor, [](const ArtifactItem& item) { return item.key; });
  reply({std::move(items), std::move(next)});
}

void Station::values(const ValuesQuery& query, Reply<ValuesPage> reply) {
  rooms_.runtime.values(query.instance, [cursor = query.cursor, reply = std::move(reply)](
                                            std::optional<std::vector<AttributeValue>> values) {
    if (!values) return reply(ValuesPage{});
    for (auto& value : *values) shorten(value);
    auto [page, next] = page_of(*values, cursor, [](const AttributeValue& value) { return value.name; });
    reply({true, std::move(next), std::move(page)});
  });
}

void Station::alarms(const AlarmsQuery& query, Reply<AlarmsPage> reply) {
  rooms_.runtime.alarms(
      [cursor = query.cursor, reply = std::move(reply)](const std::vector<AlarmStatus>& alarms) {
        // '\x1f' sorts before every character of a name, as the end of the instance's name does.
        auto [page, next] = page_of(
            alarms, cursor, [](const AlarmStatus& alarm) { return alarm.instance + '\x1f' + alarm.alarm; });
        reply({std::move(page), std::move(next)});
      });
}

void Station::events(const EventQuery& query, Reply<EventPage> reply) {
  rooms_.events.query(query, [reply = std::move(reply)](Result<EventPage> page) {
    if (!page) spdlog::warn("an event query failed: {}", page.error().describe());
    reply(page ? std::move(*page) : EventPage{});
  });
}

void Station::hand_over(const SwitchQuery&, Reply<SwitchAnswer> reply) {
  const auto begun = rooms_.pair.command(pair::Command::kSwitch);
  if (begun) return reply({});
  reply({begun.error().where, begun.error().message});
}

// The pair would let an active node go at once: here nobody may end up without one by a word.
void Station::maintain(const MaintenanceQuery& query, Reply<SwitchAnswer> reply) {
  if (query.enter && rooms_.pair.role() == Role::kActive)
    return reply({"active", "the node is active: fail over first"});
  const auto done =
      rooms_.pair.command(query.enter ? pair::Command::kEnterMaintenance : pair::Command::kLeaveMaintenance);
  if (done) return reply({});
  reply({done.error().where, done.error().message});
}

void Station::health(Reply<NodeHealth> reply) {
  NodeHealth health;
  describe_pair(health);
  health.uptime = rooms_.loop.clock().now() - started_;
  health.connections = rooms_.connections.health();
  if (health.connections.size() > kReportedConnections) health.connections.resize(kReportedConnections);
  for (auto& connection : health.connections) {
    if (connection.error.size() > kReportedError) connection.error.resize(kReportedError);
  }
  health.outbox = rooms_.outbox.health();
  const auto vitals = health::read_vitals(state_);
  health.disk_free = vitals.disk_free;
  health.memory = vitals.memory;
  rooms_.runtime.tally(
      [health = std::move(health), reply = std::move(reply)](const runtime::Tally& tally) mutable {
        health.instances = tally.instances;
        health.active_alarms = tally.active_alarms;
        health.script_errors = tally.script_errors;
        health.tags_good = tally.tags_good;
        health.tags_uncertain = tally.tags_uncertain;
        health.tags_bad = tally.tags_bad;
        reply(std::move(health));
      });
}

void Station::describe_pair(NodeHealth& health) const {
  const auto& pair = rooms_.pair;
  health.role = pair.role();
  health.epoch = pair.epoch();
  health.phase = pair.phase();
  health.since = rooms_.duties.since();
  health.lease = pair.lease();
  health.held_back = pair.held_back();
  health.loss_window = rooms_.duties.loss_window();
  if (rooms_.replica != nullptr) health.replication = rooms_.replica->health();
  if (peer_.empty()) return;
  const auto phase = pair.peer();
  health.peer = PeerHealth{phase.has_value(), peer_, phase};
}

void Station::log(Severity severity, std::string message) {
  Event event;
  event.category = Category::kSystem;
  event.severity = severity;
  event.source = "uplink";
  event.message = std::move(message);
  rooms_.events.append(std::move(event));
}

}  // namespace fieldline::agent
