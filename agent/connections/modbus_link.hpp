// The TCP link to one Modbus device and the only user of libmodbus. Every call blocks, for at most
// the connection's timeout, on the one thread that owns it; only interrupt() comes from another.
// A link whose answers can't be matched to requests any more closes itself.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "common/model/connection_options.hpp"
#include "common/model/modbus_address.hpp"

struct _modbus;

namespace fieldline::connections {

enum class FaultKind {
  kRefused,   // the device answered with a Modbus exception; the link is fine
  kNonsense,  // the answer breaks the protocol; the link is closed
  kLost,      // no answer in time, or the device closed; the link is closed
};

// Why an exchange brought no value.
struct Fault {
  FaultKind kind = FaultKind::kLost;
  int exception = 0;  // kRefused: the Modbus exception code
  Error error;        // for the one who asked

  // Refused in a way that a smaller request may not be: an illegal address, an illegal count, or a
  // device that fails on one of its registers.
  [[nodiscard]] bool may_split() const;
  // What the points of the request become.
  [[nodiscard]] Quality quality() const;
};

template <class T = void>
using Exchange = tl::expected<T, Fault>;

class ModbusLink {
 public:
  explicit ModbusLink(ModbusTcpOptions options);
  ~ModbusLink();
  ModbusLink(const ModbusLink&) = delete;
  ModbusLink& operator=(const ModbusLink&) = delete;

  // A usable link: the present one or, when the device has closed it or bytes that nobody asked for
  // wait in it, a new one.
  Result<> ready();
  void close();

  // One word per register or bit.
  Exchange<std::vector<std::uint16_t>> read(ModbusTable table, std::uint16_t first, std::uint16_t count);
  // A coil, or one or two holding registers from address.number on.
  Exchange<> write(const ModbusAddress& address, std::span<const std::uint16_t> words);

  // Any thread: whatever blocks returns at once, and nothing can be opened any more.
  void interrupt();

 private:
  struct FreeContext {
    void operator()(_modbus* context) const;
  };

  [[nodiscard]] bool is_usable() const;
  Result<> open();
  Result<> adopt(int socket);
  Exchange<std::vector<std::uint16_t>> read_bits(ModbusTable table, std::uint16_t first, std::uint16_t count);
  Fault take_fault();

  const ModbusTcpOptions options_;
  const std::unique_ptr<_modbus, FreeContext> context_;
  const int interrupt_;  // eventfd
  std::mutex mutex_;     // guards socket_ and interrupted_ against interrupt()
  int socket_ = -1;      // owned by context_
  bool interrupted_ = false;
};

}  // namespace fieldline::connections
