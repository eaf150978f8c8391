#include "agent/runtime/text.hpp"

namespace fieldline::runtime {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

constexpr unsigned byte_at(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

// The length of the well-formed character at the front of `bytes`; 0 when there is none.
std::size_t character_length(std::string_view bytes) {
  const unsigned first = byte_at(bytes, 0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (bytes.size() < length) return 0;
  // The second byte's range shuts out overlong forms, surrogates, and what is past U+10FFFF.
  const unsigned least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte_at(bytes, 1) < least || byte_at(bytes, 1) > most) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte_at(bytes, i) < 0x80 || byte_at(bytes, i) > 0xBF) return 0;
  }
  return length;
}

}  // namespace

std::string clean_text(std::string_view bytes, std::size_t limit) {
  std::string text;
  while (!bytes.empty()) {
    const auto length = character_length(bytes);
    const auto piece = length == 0 ? kReplacement : bytes.substr(0, length);
    if (text.size() + piece.size() > limit) break;
    text += piece;
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return text;
}

}  // namespace fieldline::runtime
