// A configuration like those that plants have, of about a wanted size.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>

#include "common/model/flat_config.hpp"
#include "common/wire/codec.hpp"

namespace fieldline::bench {

inline FlatConfig config_of(int attributes, int alarms, int scripts,
                            const std::string& instance = "Pump0001") {
  FlatConfig config;
  config.instance = instance;
  config.site = "north";
  config.area = "water/intake";
  config.template_name = "PumpStation";
  config.connections = {{"10.0.0.7:502", "plc1", {{"poll", "500ms"}, {"unit", "1"}}, Protocol::kModbusTcp}};
  for (int i = 0; i < attributes; ++i) {
    Attribute attribute;
    attribute.name = fmt::format("Pump{:03}.Value{:04}", i / 10, i);
    attribute.address = fmt::format("holding:{}:float32", 2 * i);
    attribute.connection = "plc1";
    attribute.unit = "m3/h";
    attribute.value = 0.5 * i;
    config.attributes.push_back(std::move(attribute));
  }
  for (int i = 0; i < alarms; ++i) {
    Alarm alarm;
    alarm.name = fmt::format("Alarm{:04}", i);
    alarm.attribute = config.attributes[static_cast<std::size_t>(i)].name;
    alarm.hi = AlarmLimit{0.5, 80};
    alarm.hihi = AlarmLimit{0.5, 90};
    alarm.message = "flow outside its limits";
    config.alarms.push_back(std::move(alarm));
  }
  for (int i = 0; i < scripts; ++i) {
    Script script;
    script.name = fmt::format("Script{:04}", i);
    script.source =
        "local level = attributes.get('Pump000.Value0000')\nif level > 80 then log.warn('high') end\n";
    script.trigger = {.interval = std::chrono::seconds(1), .kind = TriggerKind::kInterval};
    config.scripts.push_back(std::move(script));
  }
  return config;
}

// About 20 KiB on the wire.
inline FlatConfig config_of_20_kib(const std::string& instance = "Pump0001") {
  return config_of(130, 14, 7, instance);
}

}  // namespace fieldline::bench
