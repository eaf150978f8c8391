#include "common/wire/config.hpp"

#include <fmt/format.h>

#include "common/base/hash.hpp"
#include "common/wire/codec.hpp"
#include "common/wire/limits.hpp"

namespace fieldline::wire {
namespace {

Result<SealedConfig> seal(const FlatConfig& config, std::string bytes) {
  SealedConfig sealed{std::move(bytes), {}};
  if (sealed.bytes.size() > kMaxConfig) {
    return fail(
        ErrorCode::kTooLarge,
        fmt::format("the configuration takes {} bytes; the limit is {}", sealed.bytes.size(), kMaxConfig),
        config.instance);
  }
  sealed.revision = blake2b_hex(sealed.bytes);
  return sealed;
}

template <class T>
constexpr const EncodedList* list_of(const EncodedMembers& members, const T&) {
  if constexpr (std::is_same_v<T, std::vector<Alarm>>) return &members.alarms;
  if constexpr (std::is_same_v<T, std::vector<Attribute>>) return &members.attributes;
  if constexpr (std::is_same_v<T, std::vector<Script>>) return &members.scripts;
  return nullptr;
}

}  // namespace

Result<SealedConfig> seal_config(const FlatConfig& config) {
  return seal(config, encode(config));
}

Result<SealedConfig> seal_config(const FlatConfig& config, const EncodedMembers& members) {
  std::string bytes;
  bytes.reserve(1024 + members.alarms.items.size() + members.attributes.items.size() +
                members.scripts.items.size());
  Packer packer(std::move(bytes));
  packer.map(kFieldCount<FlatConfig>);
  for_each_field<FlatConfig>([&](const auto& field, auto) {
    const auto& member = config.*(field.member);
    packer.text(field.name);
    if (const auto* list = list_of(members, member)) {
      packer.array(list->count);
      packer.written(list->items);
    } else {
      detail::write(packer, member);
    }
  });
  return seal(config, packer.take());
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
