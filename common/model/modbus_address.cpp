#include "common/model/modbus_address.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <set>
#include <string>

#include "common/model/address_parts.hpp"

namespace fieldline {
namespace {

constexpr std::uint32_t kLastNumber = 65535;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<ModbusAddress> run() {
    auto parts = address_parts(text_);
    if (!parts) return fail(std::move(parts.error()));
    if (auto read = table((*parts)[0]); !read) return fail(std::move(read.error()));
    if (parts->size() < 2) return refuse("it needs a register number, as in 'holding:100'");
    if (auto read = number((*parts)[1]); !read) return fail(std::move(read.error()));
    for (std::size_t i = 2; i < parts->size(); ++i) {
      if (auto read = extra((*parts)[i]); !read) return fail(std::move(read.error()));
    }
    if (auto sound = check_whole(); !sound) return fail(std::move(sound.error()));
    return address_;
  }

 private:
  [[nodiscard]] Failure refuse(std::string why) const {
    return fail(ErrorCode::kInvalid, fmt::format("Modbus address '{}': {}", text_, why));
  }

  Result<> table(std::string_view part) {
    const auto table = parse_enum<ModbusTable>(part);
    if (!table) {
      return refuse(
          fmt::format("'{}' is not a table; tables are {}", part, fmt::join(kEnumNames<ModbusTable>, ", ")));
    }
    address_.table = *table;
    if (address_.is_bit()) address_.type = RegisterType::kBool;
    return {};
  }

  Result<> number(std::string_view part) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error != std::errc() || end != part.data() + part.size() || number > kLastNumber) {
      return refuse(fmt::format("'{}' is not a register number from 0 to {}", part, kLastNumber));
    }
    address_.number = static_cast<std::uint16_t>(number);
    return {};
  }

  Result<> extra(std::string_view part) {
    if (const auto type = parse_enum<RegisterType>(part)) return register_type(*type);
    if (const auto order = parse_enum<WordOrder>(part)) {
      address_.order = *order;
      return once("word order");
    }
    const auto [key, value] = split_option(part);
    if (key == "scale") return real(key, value, address_.scale);
    if (key == "offset") return real(key, value, address_.offset);
    return refuse(fmt::format("'{}' is not a type ({}), a word order ({}), scale=NUMBER or offset=NUMBER",
                              part, fmt::join(kEnumNames<RegisterType>, ", "),
                              fmt::join(kEnumNames<WordOrder>, ", ")));
  }

  Result<> register_type(RegisterType type) {
    if (address_.is_bit() != (type == RegisterType::kBool)) {
      return refuse(fmt::format("table {} does not hold {}", name(address_.table), name(type)));
    }
    address_.type = type;
    return once("type");
  }

  Result<> real(std::string_view key, std::string_view value, double& into) {
    const auto number = parse_real(value);
    if (!number) return refuse(fmt::format("{} '{}' is not a number such as 0.1", key, value));
    into = *number;
    return once(key);
  }

  Result<> once(std::string_view what) {
    if (!given_.insert(what).second) return refuse(fmt::format("{} is given twice", what));
    return {};
  }

  [[nodiscard]] Result<> check_whole() const {
    if (address_.scale == 0) return refuse("scale can't be 0");
    if (address_.is_bit() && (given_.contains("scale") || given_.contains("offset"))) {
      return refuse("a bit has no scale and no offset");
    }
    if (address_.registers() == 1 && given_.contains("word order")) {
      return refuse("a word order needs a 32-bit type");
    }
    if (address_.number + address_.registers() - 1U > kLastNumber) {
      return refuse(fmt::format("its second register would be past {}", kLastNumber));
    }
    return {};
  }

  std::string_view text_;
  ModbusAddress address_;
  std::set<std::string_view> given_;
};

}  // namespace

bool ModbusAddress::writable() const {
  return table == ModbusTable::kCoil || table == ModbusTable::kHolding;
}

std::uint16_t ModbusAddress::registers() const {
  const bool wide =
      type == RegisterType::kInt32 || type == RegisterType::kUint32 || type == RegisterType::kFloat32;
  return wide ? 2 : 1;
}

bool ModbusAddress::is_bit() const {
  return table == ModbusTable::kCoil || table == ModbusTable::kDiscrete;
}

bool ModbusAddress::is_scaled() const {
  return scale != 1 || offset != 0;
}

bool ModbusAddress::carries(DataType wanted) const {
  if (wanted == DataType::kInt || wanted == DataType::kFloat) return !is_bit();
  return wanted == DataType::kBool && type != RegisterType::kFloat32 && !is_scaled();
}

Result<ModbusAddress> parse_modbus_address(std::string_view text) {
  return Parser(text).run();
}

}  // namespace fieldline
