#include "agent/runtime/heritage.hpp"

#include "common/model/json.hpp"

namespace fieldline::runtime {
namespace {

constexpr std::string_view kValueKeys = "values/";
constexpr std::string_view kAlarmKeys = "alarms/";

template <class T>
std::string to_bytes(const T& value) {
  return to_json(value).dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <class T>
bool read(const std::string& bytes, T& out) {
  const auto json = Json::parse(bytes, nullptr, false);
  return !json.is_discarded() && from_json(json, out).has_value();
}

template <class T>
bool read_member(const std::string& key, std::string_view prefix, const std::string& bytes,
                 std::map<std::string, T>& members) {
  T member;
  if (!key.starts_with(prefix) || !read(bytes, member)) return false;
  members.emplace(key.substr(prefix.size()), std::move(member));
  return true;
}

}  // namespace

std::string value_key(std::string_view attribute) {
  return std::string(kValueKeys).append(attribute);
}

std::string alarm_key(std::string_view alarm) {
  return std::string(kAlarmKeys).append(alarm);
}

std::string bytes_of(const HeldValue& value) {
  return to_bytes(value);
}

std::string bytes_of(const HeldAlarm& alarm) {
  return to_bytes(alarm);
}

Heritage read_kept(const Kept& kept) {
  Heritage heritage;
  for (const auto& [key, bytes] : kept) {
    const bool known = bytes == kNothing || read_member(key, kValueKeys, bytes, heritage.values) ||
                       read_member(key, kAlarmKeys, bytes, heritage.alarms);
    if (!known) heritage.unreadable.push_back(key);
  }
  heritage.kept = kept;
  return heritage;
}

}  // namespace fieldline::runtime
