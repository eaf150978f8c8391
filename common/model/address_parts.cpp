#include "common/model/address_parts.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace fieldline {
namespace {

constexpr std::size_t kLongestAddress = 200;  // bytes; the longest useful one has about 70

}  // namespace

Result<std::vector<std::string_view>> address_parts(std::string_view text) {
  if (text.size() > kLongestAddress) {
    return fail(ErrorCode::kTooLarge, fmt::format("an address of {} bytes is longer than the {} allowed",
                                                  text.size(), kLongestAddress));
  }
  std::vector<std::string_view> parts;
  for (auto rest = text;;) {
    const auto colon = rest.find(':');
    const auto part = rest.substr(0, colon);
    if (part.empty()) {
      return fail(ErrorCode::kInvalid, fmt::format("address '{}' has an empty part between colons", text));
    }
    parts.push_back(part);
    if (colon == std::string_view::npos) return parts;
    rest.remove_prefix(colon + 1);
  }
}

AddressOption split_option(std::string_view part) {
  const auto equals = part.find('=');
  if (equals == std::string_view::npos) return {part, {}};
  return {part.substr(0, equals), part.substr(equals + 1)};
}

std::optional<double> parse_real(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

}  // namespace fieldline
