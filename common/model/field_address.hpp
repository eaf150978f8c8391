// The one question that validation asks of a field address, whatever the protocol.
#pragma once

#include <string_view>

#include "common/base/result.hpp"
#include "common/model/flat_config.hpp"

namespace fieldline {

// Can an attribute of `type` be read from `address` by this protocol and, when `writable`, written to it?
Result<> check_address(Protocol protocol, std::string_view address, DataType type, bool writable);

}  // namespace fieldline
