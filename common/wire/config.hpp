// A flat configuration as bytes. Its revision is the BLAKE2b-256 of exactly the bytes that travel;
// a receiver hashes what it received, never a re-encoding.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/model/flat_config.hpp"
#include "common/model/session.hpp"

namespace fieldline::wire {

struct SealedConfig {
  std::string bytes;
  Revision revision;
};

// Items of a list, encoded one after the other.
struct EncodedList {
  std::size_t count = 0;
  std::string items;
};
struct EncodedMembers {
  EncodedList alarms;
  EncodedList attributes;
  EncodedList scripts;
};

// kTooLarge over kMaxConfig.
Result<SealedConfig> seal_config(const FlatConfig& config);
// The same, with `members` in place of those of `config`.
Result<SealedConfig> seal_config(const FlatConfig& config, const EncodedMembers& members);
// Hash, decode and check. kCorrupt when `bytes` do not have `revision`; kInvalid for the rest.
Result<FlatConfig> open_config(std::string_view bytes, const Revision& revision);

// What two sides compare before they compare inventories item by item.
std::string digest(const Inventory& inventory);

}  // namespace fieldline::wire
