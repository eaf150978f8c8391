#include "common/wire/config.hpp"

#include <fmt/format.h>

#include "common/base/hash.hpp"
#include "common/wire/codec.hpp"
#include "common/wire/limits.hpp"

namespace fieldline::wire {

Result<SealedConfig> seal_config(const FlatConfig& config) {
  SealedConfig sealed;
  sealed.bytes = encode(config);
  if (sealed.bytes.size() > kMaxConfig) {
    return fail(
        ErrorCode::kTooLarge,
        fmt::format("the configuration takes {} bytes; the limit is {}", sealed.bytes.size(), kMaxConfig),
        config.instance);
  }
  sealed.revision = blake2b_hex(sealed.bytes);
  return sealed;
}

Result<FlatConfig> open_config(std::string_view bytes, const Revision& revision) {
  if (bytes.size() > kMaxConfig) return fail(ErrorCode::kTooLarge, "a configuration over the limit");
  if (blake2b_hex(bytes) != revision)
    return fail(ErrorCode::kCorrupt, "the configuration does not have the revision it is said to have");
  auto config = decode<FlatConfig>(bytes);
  if (!config) return config;
  if (auto sound = check(*config); !sound) return fail(std::move(sound.error()));
  return config;
}

std::string digest(const Inventory& inventory) {
  return blake2b_hex(encode(inventory));
}

}  // namespace fieldline::wire
