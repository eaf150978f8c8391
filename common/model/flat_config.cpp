#include "common/model/flat_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "common/model/names.hpp"

namespace fieldline {
namespace {

// The first thing wrong with a configuration, or nothing.
class Checker {
 public:
  explicit Checker(const FlatConfig& config) : config_(config) {}

  std::optional<Error> run() {
    check_header();
    check_list(config_.connections, "connections", is_name);
    check_list(config_.attributes, "attributes", is_member_path);
    check_list(config_.alarms, "alarms", is_member_path);
    check_list(config_.scripts, "scripts", is_member_path);
    if (error_) return error_;  // lookups below rely on sorted lists
    for (const auto& attribute : config_.attributes) check_attribute(attribute);
    for (const auto& alarm : config_.alarms) check_alarm(alarm);
    for (const auto& script : config_.scripts) check_script(script);
    return error_;
  }

 private:
  void refuse(std::string where, std::string message) {
    if (!error_) error_ = Error{ErrorCode::kInvalid, std::move(message), std::move(where), {}};
  }

  void check_header() {
    if (config_.format != FlatConfig::kFormat) {
      refuse("format",
             fmt::format("configuration format {} is not known here (format {} is); upgrade this node",
                         config_.format, FlatConfig::kFormat));
    }
    if (!is_name(config_.instance)) refuse("instance", "an instance name is missing or not a name");
    if (!is_name(config_.site)) refuse("site", "a site name is missing or not a name");
  }

  template <class Member, class Rule>
  void check_list(const std::vector<Member>& list, std::string_view title, Rule rule) {
    const Member* previous = nullptr;
    for (const auto& member : list) {
      if (!rule(member.name)) refuse(fmt::format("{}/{}", title, member.name), "not a legal name");
      if (previous != nullptr && !(previous->name < member.name)) {
        refuse(fmt::format("{}/{}", title, member.name), "the list is not strictly sorted by name");
      }
      previous = &member;
    }
  }

  template <class Member>
  static const Member* find(const std::vector<Member>& list, std::string_view wanted) {
    const auto found =
        std::lower_bound(list.begin(), list.end(), wanted,
                         [](const Member& member, std::string_view key) { return member.name < key; });
    return found != list.end() && found->name == wanted ? &*found : nullptr;
  }

  void check_attribute(const Attribute& attribute) {
    const auto where = [&] { return "attributes/" + attribute.name; };
    if (!fits(attribute.value, attribute.type)) {
      refuse(where(),
             fmt::format("its value {} is not of type {}", to_text(attribute.value), name(attribute.type)));
    }
    if (attribute.address.empty() != attribute.connection.empty()) {
      refuse(where(), "an address needs a connection, and a connection an address");
    }
    if (!attribute.connection.empty() && find(config_.connections, attribute.connection) == nullptr) {
      refuse(where(), fmt::format("connection {} is not part of the configuration", attribute.connection));
    }
  }

  void check_alarm(const Alarm& alarm) {
    const auto where = [&] { return "alarms/" + alarm.name; };
    if (find(config_.attributes, alarm.attribute) == nullptr) {
      refuse(where(), fmt::format("it watches {}, which is not an attribute", alarm.attribute));
    }
    if (alarm.priority < 1 || alarm.priority > 1000) refuse(where(), "a priority is between 1 and 1000");
    if (alarm.on_delay < Duration::zero() || alarm.off_delay < Duration::zero()) {
      refuse(where(), "a delay can't be negative");
    }
    if (!alarm.script.empty() && find(config_.scripts, alarm.script) == nullptr) {
      refuse(where(), fmt::format("its script {} is not part of the configuration", alarm.script));
    }
  }

  void check_script(const Script& script) {
    const auto where = [&] { return "scripts/" + script.name; };
    if (script.memory_limit <= 0) refuse(where(), "a memory limit is above zero");
    if (script.timeout <= Duration::zero()) refuse(where(), "a timeout is above zero");
    if (script.min_interval < Duration::zero()) refuse(where(), "a minimum interval can't be negative");
    if (script.trigger.kind == TriggerKind::kInterval && script.trigger.interval <= Duration::zero()) {
      refuse(where(), "an interval is above zero");
    }
    for (const auto& watched : script.trigger.attributes) {
      if (find(config_.attributes, watched) == nullptr) {
        refuse(where(), fmt::format("its trigger names {}, which is not an attribute", watched));
      }
    }
  }

  const FlatConfig& config_;
  std::optional<Error> error_;
};

}  // namespace

Result<> check(const FlatConfig& config) {
  auto error = Checker(config).run();
  if (error) return fail(std::move(*error));
  return {};
}

}  // namespace fieldline
