#include "common/sql/bytes.hpp"

#include <fmt/format.h>

#include "common/base/check.hpp"

namespace fieldline::sql {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

unsigned value_of(char digit) {
  const auto value = kDigits.find(digit);
  FIELDLINE_CHECK(value != std::string_view::npos);
  return static_cast<unsigned>(value);
}

}  // namespace

std::string BytesColumn::parameter(std::string_view name) const {
  return dialect_ == Dialect::kSqlite ? fmt::format("CAST({} AS BLOB)", name)
                                      : fmt::format("decode({}, 'hex')", name);
}

std::string BytesColumn::selected(std::string_view column) const {
  return dialect_ == Dialect::kSqlite ? std::string(column) : fmt::format("encode({}, 'hex')", column);
}

std::string BytesColumn::bound(std::string_view bytes) const {
  if (dialect_ == Dialect::kSqlite) return std::string(bytes);
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 0xf];
  }
  return text;
}

std::string BytesColumn::taken(std::string text) const {
  if (dialect_ == Dialect::kSqlite) return text;
  FIELDLINE_CHECK(text.size() % 2 == 0);
  std::string bytes(text.size() / 2, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(value_of(text[2 * i]) << 4 | value_of(text[2 * i + 1]));
  }
  return bytes;
}

void put_bytes(soci::blob& blob, std::string_view bytes) {
  FIELDLINE_CHECK(!bytes.empty());
  blob.trim(0);
  blob.write(0, bytes.data(), bytes.size());
}

std::string take_bytes(soci::blob& blob) {
  std::string bytes(blob.get_len(), '\0');
  if (!bytes.empty()) blob.read(0, bytes.data(), bytes.size());
  return bytes;
}

}  // namespace fieldline::sql
