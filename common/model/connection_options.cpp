#include "common/model/connection_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/check.hpp"

namespace fieldline {
namespace {

using namespace std::chrono_literals;

constexpr Duration kShortestTimeout = 50ms;  // below it a busy device looks dead
constexpr Duration kLongestTimeout = 60s;    // how long a shutdown or another point may wait for one answer
constexpr Duration kShortestPoll = 10ms;
constexpr Duration kLongestPoll = 1h;

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Reads options by name, notes everything that is wrong, and at the end what was not asked for.
class Reader {
 public:
  explicit Reader(const Connection& connection) : connection_(connection) {}

  void note(std::string code, std::string path, std::string message) {
    findings_.push_back({std::move(code), std::move(path), std::move(message)});
  }

  void integer(const std::string& key, int least, int most, int& into) {
    const auto* text = find(key);
    if (text == nullptr) return;
    const auto number = whole_number<int>(*text);
    if (number && *number >= least && *number <= most) {
      into = *number;
    } else {
      note("bad-option", "options/" + key,
           fmt::format("{} '{}' is not a number from {} to {}", key, *text, least, most));
    }
  }

  void duration(const std::string& key, Duration least, Duration most, Duration& into) {
    const auto* text = find(key);
    if (text == nullptr) return;
    const auto length = parse_duration(*text);
    if (length && *length >= least && *length <= most) {
      into = *length;
    } else {
      note("bad-option", "options/" + key,
           fmt::format("{} '{}' is not a duration from {} to {}", key, *text, format_duration(least),
                       format_duration(most)));
    }
  }

  Result<> finish() {
    for (const auto& [key, value] : connection_.options) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      note("unknown-option", "options/" + key,
           fmt::format("{} has no option '{}'; it has {}", name(connection_.protocol), key,
                       fmt::join(known_, ", ")));
    }
    if (findings_.empty()) return {};
    Error error{ErrorCode::kInvalid, findings_.front().message, "connections/" + connection_.name, {}};
    error.findings = std::move(findings_);
    return fail(std::move(error));
  }

 private:
  const std::string* find(const std::string& key) {
    known_.push_back(key);
    const auto found = connection_.options.find(key);
    return found == connection_.options.end() ? nullptr : &found->second;
  }

  const Connection& connection_;
  std::vector<std::string> known_;
  std::vector<Finding> findings_;
};

Failure no_endpoint(std::string_view text) {
  return fail(ErrorCode::kInvalid,
              fmt::format("endpoint '{}' is not HOST:PORT, such as 10.0.0.7:502 or [fd00::7]:502", text));
}

bool is_host(std::string_view host, bool bracketed) {
  constexpr std::string_view kNameBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  constexpr std::string_view kAddressBytes = "0123456789abcdefABCDEF:.";
  constexpr std::size_t kLongestHost = 253;  // RFC 1035
  return !host.empty() && host.size() <= kLongestHost &&
         host.find_first_not_of(bracketed ? kAddressBytes : kNameBytes) == std::string_view::npos;
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return no_endpoint(text);
  auto host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto port = whole_number<std::uint16_t>(text.substr(colon + 1));
  if (!is_host(host, bracketed) || !port || *port == 0) return no_endpoint(text);
  return Endpoint{std::string(host), *port};
}

Result<ModbusTcpOptions> modbus_tcp_options(const Connection& connection) {
  FIELDLINE_CHECK(connection.protocol == Protocol::kModbusTcp);
  ModbusTcpOptions options;
  Reader reader(connection);
  if (auto endpoint = parse_endpoint(connection.endpoint)) {
    options.endpoint = std::move(*endpoint);
  } else {
    reader.note("bad-endpoint", "endpoint", endpoint.error().message);
  }
  reader.integer("unit", 1, 247, options.unit);
  reader.duration("timeout", kShortestTimeout, kLongestTimeout, options.timeout);
  reader.duration("poll", kShortestPoll, kLongestPoll, options.poll);
  if (auto sound = reader.finish(); !sound) return fail(std::move(sound.error()));
  return options;
}

Result<SimulatorOptions> simulator_options(const Connection& connection) {
  FIELDLINE_CHECK(connection.protocol == Protocol::kSimulator);
  SimulatorOptions options;
  Reader reader(connection);
  if (!connection.endpoint.empty()) {
    reader.note("bad-endpoint", "endpoint", "a simulator has no endpoint; leave it out");
  }
  reader.duration("poll", kShortestPoll, kLongestPoll, options.poll);
  if (auto sound = reader.finish(); !sound) return fail(std::move(sound.error()));
  return options;
}

Result<> check_options(const Connection& connection) {
  switch (connection.protocol) {
    case Protocol::kModbusTcp:
      if (auto options = modbus_tcp_options(connection); !options) return fail(std::move(options.error()));
      return {};
    case Protocol::kSimulator:
      if (auto options = simulator_options(connection); !options) return fail(std::move(options.error()));
      return {};
  }
  FIELDLINE_UNREACHABLE();
}

}  // namespace fieldline
