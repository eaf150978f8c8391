#include "common/sql/bytes.hpp"

#include "common/base/check.hpp"

namespace fieldline::sql {

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
