#include "common/model/field_address.hpp"

#include <fmt/format.h>

#include "common/base/check.hpp"
#include "common/model/modbus_address.hpp"
#include "common/model/simulator_address.hpp"

namespace fieldline {
namespace {

template <class Address>
Result<> check_use(const Result<Address>& address, std::string_view text, DataType type, bool writable) {
  if (!address) return fail(address.error());
  if (!address->carries(type)) {
    return fail(ErrorCode::kInvalid,
                fmt::format("address '{}' can't be read as {}; see docs/connections.md", text, name(type)));
  }
  if (writable && !address->writable()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("address '{}' is read only, but the attribute is writable", text));
  }
  return {};
}

}  // namespace

Result<> check_address(Protocol protocol, std::string_view address, DataType type, bool writable) {
  switch (protocol) {
    case Protocol::kModbusTcp:
      return check_use(parse_modbus_address(address), address, type, writable);
    case Protocol::kSimulator:
      return check_use(parse_simulator_address(address), address, type, writable);
  }
  FIELDLINE_UNREACHABLE();
}

}  // namespace fieldline
