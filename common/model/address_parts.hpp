// What the address grammars share: parts between colons, options "key=value", numbers.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"

namespace fieldline {

// The parts between the colons of `text`; refuses an empty part and a text over 200 bytes.
Result<std::vector<std::string_view>> address_parts(std::string_view text);

struct AddressOption {
  std::string_view key;
  std::string_view value;  // empty for a part without '='
};
AddressOption split_option(std::string_view part);

// The whole of `text` as a finite number.
std::optional<double> parse_real(std::string_view text);

}  // namespace fieldline
