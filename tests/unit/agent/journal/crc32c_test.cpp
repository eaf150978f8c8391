#include "agent/journal/crc32c.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace fieldline::journal;

TEST_CASE("CRC-32C has the values of RFC 3720, B.4, by the processor's instruction and by tables") {
  std::string rising;
  for (int i = 0; i < 32; ++i) rising += static_cast<char>(i);
  for (const auto& compute : {crc32c, crc32c_by_tables}) {
    CHECK(compute(std::string(32, '\0'), 0) == 0x8a9136aaU);
    CHECK(compute(std::string(32, '\xff'), 0) == 0x62a8ab43U);
    CHECK(compute(rising, 0) == 0x46dd794eU);
    CHECK(compute("123456789", 0) == 0xe3069283U);
    CHECK(compute("6789", compute("12345", 0)) == 0xe3069283U);
    CHECK(compute("", 0) == 0);
  }
}
