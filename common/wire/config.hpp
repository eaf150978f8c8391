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

// kTooLarge over kMaxConfig.
Result<SealedConfig> seal_config(const FlatConfig& config);
// Hash, decode and check. kCorrupt when `bytes` do not have `revision`; kInvalid for the rest.
Result<FlatConfig> open_config(std::string_view bytes, const Revision& revision);

// What two sides compare before they compare inventories item by item.
std::string digest(const Inventory& inventory);

}  // namespace fieldline::wire
