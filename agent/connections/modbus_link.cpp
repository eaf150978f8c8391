#include "agent/connections/modbus_link.hpp"

#include <fmt/format.h>
#include <modbus/modbus.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "agent/connections/tcp_dial.hpp"
#include "common/base/check.hpp"

namespace fieldline::connections {
namespace {

std::string spell(const Endpoint& endpoint) {
  const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", endpoint.host, endpoint.port)
                 : fmt::format("{}:{}", endpoint.host, endpoint.port);
}

modbus_t* new_context(const ModbusTcpOptions& options) {
  // The address is never used: sockets come from dial(), which takes names and can be interrupted.
  modbus_t* context = modbus_new_tcp("127.0.0.1", options.endpoint.port);
  FIELDLINE_CHECK(context != nullptr);
  FIELDLINE_CHECK(modbus_set_slave(context, options.unit) == 0);
  const auto timeout = options.timeout.count();
  modbus_set_response_timeout(context, static_cast<std::uint32_t>(timeout / 1'000'000),
                              static_cast<std::uint32_t>(timeout % 1'000'000));
  // None between bytes: the response timeout then covers the whole answer, also one that drips.
  modbus_set_byte_timeout(context, 0, 0);
  return context;
}

bool is_exception(int error) {
  return error >= MODBUS_ENOBASE && error <= EMBXGTAR;
}

bool is_nonsense(int error) {
  return error > EMBXGTAR && error <= EMBBADSLAVE;
}

ErrorCode code_of_exception(int exception) {
  switch (exception) {
    case MODBUS_EXCEPTION_ILLEGAL_FUNCTION:
    case MODBUS_EXCEPTION_ILLEGAL_DATA_ADDRESS:
    case MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE:
      return ErrorCode::kInvalid;
    default:
      return ErrorCode::kUnavailable;
  }
}

}  // namespace

bool Fault::may_split() const {
  return kind == FaultKind::kRefused && (exception == MODBUS_EXCEPTION_ILLEGAL_DATA_ADDRESS ||
                                         exception == MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE ||
                                         exception == MODBUS_EXCEPTION_SLAVE_OR_SERVER_FAILURE);
}

Quality Fault::quality() const {
  if (kind == FaultKind::kNonsense) return Quality::kBadDeviceFailure;
  if (kind == FaultKind::kLost) return Quality::kBadCommunicationError;
  switch (exception) {
    case MODBUS_EXCEPTION_ILLEGAL_FUNCTION:
    case MODBUS_EXCEPTION_ILLEGAL_DATA_ADDRESS:
    case MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE:
      return Quality::kBadConfigurationError;
    case MODBUS_EXCEPTION_GATEWAY_PATH:  // the gateway answers, the device behind it does not
    case MODBUS_EXCEPTION_GATEWAY_TARGET:
      return Quality::kBadCommunicationError;
    default:
      return Quality::kBadDeviceFailure;
  }
}

void ModbusLink::FreeContext::operator()(_modbus* context) const {
  modbus_free(context);
}

ModbusLink::ModbusLink(ModbusTcpOptions options)
    : options_(std::move(options)),
      context_(new_context(options_)),
      interrupt_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  FIELDLINE_CHECK(interrupt_ >= 0);
}

ModbusLink::~ModbusLink() {
  close();
  ::close(interrupt_);
}

Result<> ModbusLink::ready() {
  if (is_usable()) return {};
  close();
  auto opened = open();
  if (!opened) opened.error().where = spell(options_.endpoint);
  return opened;
}

// Between exchanges a sound link is silent: whatever can be read is the end of the stream, or bytes
// that the next answer would be confused with.
bool ModbusLink::is_usable() const {
  if (socket_ < 0) return false;
  pollfd watched{socket_, POLLIN, 0};
  return poll(&watched, 1, 0) == 0;
}

Result<> ModbusLink::open() {
  const auto socket = dial(options_.endpoint, options_.timeout, interrupt_);
  if (!socket) return fail(socket.error());
  auto adopted = adopt(*socket);
  if (!adopted) ::close(*socket);
  return adopted;
}

Result<> ModbusLink::adopt(int socket) {
  if (socket >= FD_SETSIZE) {  // libmodbus waits with select()
    return fail(ErrorCode::kExhausted,
                fmt::format("this process has more than {} files open; run fewer connections on this node",
                            FD_SETSIZE));
  }
  const std::lock_guard lock(mutex_);
  if (interrupted_) return fail(ErrorCode::kUnavailable, "the connection is being closed");
  socket_ = socket;
  modbus_set_socket(context_.get(), socket);
  return {};
}

void ModbusLink::close() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(socket_, -1) >= 0) modbus_close(context_.get());
}

void ModbusLink::interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  eventfd_write(interrupt_, 1);
  if (socket_ >= 0) shutdown(socket_, SHUT_RDWR);
}

Exchange<std::vector<std::uint16_t>> ModbusLink::read(ModbusTable table, std::uint16_t first,
                                                      std::uint16_t count) {
  if (table == ModbusTable::kCoil || table == ModbusTable::kDiscrete) return read_bits(table, first, count);
  std::vector<std::uint16_t> words(count);
  const auto ask = table == ModbusTable::kHolding ? modbus_read_registers : modbus_read_input_registers;
  if (ask(context_.get(), first, count, words.data()) != count) return tl::unexpected(take_fault());
  return words;
}

Exchange<std::vector<std::uint16_t>> ModbusLink::read_bits(ModbusTable table, std::uint16_t first,
                                                           std::uint16_t count) {
  std::vector<std::uint8_t> bits(count);
  const auto ask = table == ModbusTable::kCoil ? modbus_read_bits : modbus_read_input_bits;
  if (ask(context_.get(), first, count, bits.data()) != count) return tl::unexpected(take_fault());
  return std::vector<std::uint16_t>(bits.begin(), bits.end());
}

Exchange<> ModbusLink::write(const ModbusAddress& address, std::span<const std::uint16_t> words) {
  FIELDLINE_CHECK(address.writable() && words.size() == address.registers());
  auto* context = context_.get();
  int done = 0;
  if (address.is_bit()) {
    done = modbus_write_bit(context, address.number, words[0]);
  } else if (words.size() == 1) {
    done = modbus_write_register(context, address.number, words[0]);
  } else {
    done = modbus_write_registers(context, address.number, static_cast<int>(words.size()), words.data());
  }
  if (done < 0) return tl::unexpected(take_fault());
  return {};
}

Fault ModbusLink::take_fault() {
  const int error = errno;
  const auto where = spell(options_.endpoint);
  if (is_exception(error)) {
    const int exception = error - MODBUS_ENOBASE;
    const std::string said = exception == 0 ? "Unknown exception" : modbus_strerror(error);
    return {FaultKind::kRefused, exception,
            Error{code_of_exception(exception),
                  fmt::format("the device answered with Modbus exception {} ({})", exception, said),
                  where,
                  {}}};
  }
  close();
  if (is_nonsense(error)) {
    return {FaultKind::kNonsense, 0,
            Error{ErrorCode::kUnavailable,
                  fmt::format("the device's answer breaks the Modbus protocol ({})", modbus_strerror(error)),
                  where,
                  {}}};
  }
  if (error == ETIMEDOUT) {
    return {FaultKind::kLost, 0,
            Error{ErrorCode::kTimeout,
                  fmt::format("no whole answer within {}", format_duration(options_.timeout)),
                  where,
                  {}}};
  }
  return {
      FaultKind::kLost, 0,
      Error{ErrorCode::kUnavailable, fmt::format("the link broke: {}", modbus_strerror(error)), where, {}}};
}

}  // namespace fieldline::connections
