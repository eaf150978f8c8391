// Documents like those that plants have: devices derived from one another, skids of two devices, and
// stations of as many skids as wanted. A skid has 20 attributes, 6 of them bound, 2 alarms, 1 script.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/base/check.hpp"
#include "coordinator/templates/documents.hpp"
#include "coordinator/templates/library.hpp"

namespace fieldline::bench {

inline std::vector<templates::DocumentPointer> documents_of(const std::string& text) {
  auto documents = templates::parse_documents(text, templates::TextFormat::kYaml);
  FIELDLINE_CHECK(documents.has_value());
  return *documents;
}

// `unit` tells one edit of the eldest template from another.
inline std::string device_text(const std::string& unit = "m3/h") {
  std::string text = "---\nkind: Template\nname: Device\nspec:\n  attributes:\n";
  for (int i = 0; i < 10; ++i) {
    text += fmt::format("    Value{}: {{type: float, unit: {}, value: {}.5{}}}\n", i, unit, i,
                        i < 3 ? ", address: 'holding:0:float32'" : "");
  }
  return text +
         "  alarms:\n    High: {attribute: Value0, kind: limits, hi: {value: 80, deadband: 0.5}, "
         "hihi: {value: 90, deadband: 0.5}, message: flow outside its limits}\n";
}

// The site, the devices and the skid.
inline std::string family_text() {
  return "---\n{kind: Site, name: north}\n---\n{kind: Connection, name: north/plc1, "
         "spec: {protocol: modbus-tcp, endpoint: '10.0.0.7:502'}}\n" +
         device_text() + R"(---
kind: Template
name: Motor
spec:
  parent: Device
  attributes: {Value1: {unit: rpm, value: 1500}, Value2: {unit: A}}
---
kind: Template
name: Pump
spec:
  parent: Device
  alarms: {High: {priority: 700}}
  scripts:
    Guard:
      source: |
        local flow = attributes.get("Value0")
        if flow and flow > 80 then log.warn("the flow is high: " .. flow) end
      trigger: {kind: interval, interval: 1s}
---
kind: Template
name: Skid
spec:
  slots:
    Drive: {template: Motor, attributes: {Value1: {value: 1200}}}
    Pump: {template: Pump}
)";
}

// A template `name` of skids, and a derived one, `name`-large, that changes some of what they hold.
inline std::string station_text(const std::string& name, int skids) {
  auto text = fmt::format("---\nkind: Template\nname: {}\nspec:\n  slots:\n", name);
  for (int i = 0; i < skids; ++i) text += fmt::format("    Skid{:03}: {{template: Skid}}\n", i);
  text += fmt::format("---\nkind: Template\nname: {0}-large\nspec:\n  parent: {0}\n  alarms:\n", name);
  for (int i = 0; i < skids; i += 5) {
    text += fmt::format("    Skid{:03}.Pump.High: {{hihi: {{value: 95, deadband: 1}}}}\n", i);
  }
  return text;
}

// An instance of such a template: every address bound, one value and one alarm in five changed.
inline std::string instance_text(const std::string& name, const std::string& template_name, int skids) {
  auto text = fmt::format(
      "---\nkind: Instance\nname: {}\nspec:\n  area: water/intake\n  site: north\n  template: {}\n"
      "  bindings:\n",
      name, template_name);
  int address = 0;
  for (int i = 0; i < skids; ++i) {
    for (const auto* device : {"Drive", "Pump"}) {
      for (int value = 0; value < 3; ++value, address += 2) {
        text += fmt::format("    Skid{:03}.{}.Value{}: {{connection: plc1, address: 'holding:{}:float32'}}\n",
                            i, device, value, address);
      }
    }
  }
  std::string attributes, alarms;
  for (int i = 0; i < skids; i += 5) {
    attributes += fmt::format("    Skid{:03}.Drive.Value1: {{value: {}}}\n", i, 1000 + i);
    alarms += fmt::format("    Skid{:03}.Drive.High: {{priority: {}}}\n", i, 500 + i);
  }
  return text + "  attributes:\n" + attributes + "  alarms:\n" + alarms;
}

// `count` instances of a template of `skids` skids, after their family.
inline templates::Library plant_of(int count, int skids) {
  templates::Library plant(documents_of(family_text() + station_text("Station", skids)));
  constexpr int kAtOnce = 5'000;  // within what a text may hold
  std::vector<templates::DocumentPointer> instances;
  for (int begin = 0; begin < count; begin += kAtOnce) {
    std::string text;
    for (int i = begin; i < std::min(begin + kAtOnce, count); ++i) {
      text += instance_text(fmt::format("S{:06}", i), "Station-large", skids);
    }
    for (auto& instance : documents_of(text)) instances.push_back(std::move(instance));
  }
  return plant.with(instances);
}

}  // namespace fieldline::bench
