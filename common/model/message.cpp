#include "common/model/message.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "common/model/names.hpp"

namespace fieldline {
namespace {

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  // One spelling for each number.
  if (error != std::errc{} || end != text.data() + text.size() || text != std::to_string(number))
    return std::nullopt;
  return number;
}

}  // namespace

std::string MessageId::text() const {
  return fmt::format("{}.{}.{}.{}", site, node, epoch, sequence);
}

std::optional<MessageId> MessageId::parse(std::string_view text) {
  std::array<std::string_view, 4> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto dot = text.find('.');
    if ((dot == std::string_view::npos) != (i + 1 == parts.size())) return std::nullopt;
    parts[i] = text.substr(0, dot);
    text.remove_prefix(dot == std::string_view::npos ? text.size() : dot + 1);
  }
  const auto epoch = parse_number(parts[2]);
  const auto sequence = parse_number(parts[3]);
  if (!is_name(parts[0]) || !is_name(parts[1]) || !epoch || !sequence) return std::nullopt;
  return MessageId{*epoch, std::string(parts[1]), *sequence, std::string(parts[0])};
}

}  // namespace fieldline
