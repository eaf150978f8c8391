#include "common/wire/config.hpp"

#include <catch2/catch.hpp>

#include "common/wire/codec.hpp"

using namespace fieldline;
using namespace fieldline::wire;

namespace {

FlatConfig small_config() {
  FlatConfig config;
  config.instance = "Pump7";
  config.site = "north";
  config.template_name = "Pump";
  Attribute level;
  level.name = "Level";
  level.value = 5.0;
  config.attributes = {level};
  return config;
}

}  // namespace

TEST_CASE("a configuration opens only under its own revision") {
  const auto sealed = seal_config(small_config());
  REQUIRE(sealed);
  CHECK(*open_config(sealed->bytes, sealed->revision) == small_config());
  auto damaged = sealed->bytes;
  damaged.back() ^= 1;
  CHECK(open_config(damaged, sealed->revision).error().code == ErrorCode::kCorrupt);
}

// A change of this revision is a change of the format: every site would see every instance as stale.
TEST_CASE("the bytes of a configuration are the same on every machine") {
  CHECK(seal_config(small_config())->revision ==
        "3817889ace6e34e46fd00fb2c5d314287812204e8d0482f39ba168b68623f077");
}

TEST_CASE("a configuration has the same bytes when its members were encoded before") {
  auto config = small_config();
  config.alarms.emplace_back().name = "High";
  config.scripts.emplace_back().name = "Stop";
  const auto whole = seal_config(config);
  const EncodedMembers members{
      {1, encode(config.alarms[0])}, {1, encode(config.attributes[0])}, {1, encode(config.scripts[0])}};
  config.alarms.clear();
  config.attributes.clear();
  config.scripts.clear();
  const auto put_together = seal_config(config, members);
  REQUIRE(put_together);
  CHECK(put_together->bytes == whole->bytes);
  CHECK(put_together->revision == whole->revision);
}

TEST_CASE("a configuration over the limit is refused on both sides") {
  auto config = small_config();
  config.attributes[0].unit = std::string(std::size_t{1} << 20, 'x');
  CHECK(seal_config(config).error().code == ErrorCode::kTooLarge);
  CHECK(open_config(encode(config), "").error().code == ErrorCode::kTooLarge);
}

TEST_CASE("a well-formed configuration that contradicts itself is refused") {
  auto config = small_config();
  config.attributes.push_back(config.attributes.front());
  const auto sealed = seal_config(config);
  CHECK(open_config(sealed->bytes, sealed->revision).error().code == ErrorCode::kInvalid);
}

TEST_CASE("the digest of an inventory changes with every item") {
  const Inventory none;
  const Inventory one{{true, "Pump7", "r1"}};
  const Inventory disabled{{false, "Pump7", "r1"}};
  CHECK(digest(none) != digest(one));
  CHECK(digest(one) != digest(disabled));
}
