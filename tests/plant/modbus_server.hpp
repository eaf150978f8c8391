// A Modbus TCP server on loopback for tests: four tables in memory, several clients, any unit.
// Every call on the one thread that made it, except the const ones.
#pragma once

#include <modbus/modbus.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/base/result.hpp"

namespace plant {

// How many of each there are, from number 0 on; what is beyond is an illegal address.
struct TableSizes {
  int coils = 0;
  int discretes = 0;
  int holdings = 0;
  int inputs = 0;
};

class ModbusServer {
 public:
  // Port 0: a free one.
  static fieldline::Result<std::unique_ptr<ModbusServer>> listen(std::uint16_t port, TableSizes sizes);
  ~ModbusServer();
  ModbusServer(const ModbusServer&) = delete;
  ModbusServer& operator=(const ModbusServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

  // Answers what arrives until `span` has passed or a signal comes.
  void serve_for(std::chrono::milliseconds span);

  [[nodiscard]] std::span<std::uint8_t> coils();
  [[nodiscard]] std::span<std::uint8_t> discretes();
  [[nodiscard]] std::span<std::uint16_t> holdings();
  [[nodiscard]] std::span<std::uint16_t> inputs();
  // Read requests answered so far.
  [[nodiscard]] std::size_t reads() const { return reads_; }

 private:
  struct Free {
    void operator()(modbus_t* context) const { modbus_free(context); }
    void operator()(modbus_mapping_t* tables) const { modbus_mapping_free(tables); }
  };

  ModbusServer(int listener, std::uint16_t port, TableSizes sizes);
  void accept_client();
  // False when the client is gone or talks nonsense.
  bool answer(int client);

  const int listener_;
  const std::uint16_t port_;
  const std::unique_ptr<modbus_t, Free> context_;
  const std::unique_ptr<modbus_mapping_t, Free> tables_;
  std::vector<int> clients_;
  std::size_t reads_ = 0;
};

}  // namespace plant
