// The same shape as FlatConfig, through msgpack-c's convenience macros: what the bare library makes of
// the same bytes. Limits left out of alarms are nil here.
#pragma once

#include <cstdint>
#include <msgpack.hpp>
#include <string>
#include <vector>

namespace fieldline::bench {

struct MacroLimit {
  double deadband = 0, value = 0;
  MSGPACK_DEFINE_MAP(deadband, value)
};
struct MacroAttribute {
  std::string address, connection, name;
  bool retained = false;
  std::string type, unit;
  double value = 0;
  bool writable = false;
  MSGPACK_DEFINE_MAP(address, connection, name, retained, type, unit, value, writable)
};
struct MacroAlarm {
  std::string attribute;
  MacroLimit hi, hihi;
  std::string kind;
  bool latching = false;
  std::string message, name;
  std::int64_t off_delay = 0, on_delay = 0;
  int priority = 0;
  std::string script;
  MSGPACK_DEFINE_MAP(attribute, hi, hihi, kind, latching, message, name, off_delay, on_delay, priority,
                     script)
};
struct MacroTrigger {
  std::vector<std::string> attributes;
  std::int64_t interval = 0;
  std::string kind;
  MSGPACK_DEFINE_MAP(attributes, interval, kind)
};
struct MacroScript {
  std::int64_t memory_limit = 0, min_interval = 0;
  std::string name, source;
  std::int64_t timeout = 0;
  MacroTrigger trigger;
  MSGPACK_DEFINE_MAP(memory_limit, min_interval, name, source, timeout, trigger)
};
struct MacroConfig {
  std::vector<MacroAlarm> alarms;
  std::vector<MacroAttribute> attributes;
  std::string instance;
  std::vector<MacroScript> scripts;
  MSGPACK_DEFINE_MAP(alarms, attributes, instance, scripts)
};

inline MacroConfig convert_with_macros(const std::string& bytes) {
  const auto handle = msgpack::unpack(bytes.data(), bytes.size());
  return handle.get().as<MacroConfig>();
}

}  // namespace fieldline::bench
