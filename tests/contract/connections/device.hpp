// An honest Modbus device on a thread of its own, whose registers a test may read and set, and which
// can be switched off and on again at the same port.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "tests/plant/modbus_server.hpp"

namespace fieldline::connections {

class Device {
 public:
  explicit Device(plant::TableSizes sizes) : sizes_(sizes) { switch_on(); }
  ~Device() { switch_off(); }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  void switch_on() {
    server_ = std::move(plant::ModbusServer::listen(port_, sizes_).value());
    port_ = server_->port();
    on_ = true;
    thread_ = std::thread([this] { serve(); });
  }

  void switch_off() {
    if (!thread_.joinable()) return;
    on_ = false;
    thread_.join();
    server_.reset();
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

  // Calls use(server) between two answers.
  template <class Use>
  auto with(Use use) {
    const std::lock_guard lock(mutex_);
    return use(*server_);
  }

 private:
  void serve() {
    while (on_) {
      {
        const std::lock_guard lock(mutex_);
        server_->serve_for(std::chrono::milliseconds(2));
      }
      std::this_thread::yield();  // a mutex is not fair: let the test have its turn
    }
  }

  const plant::TableSizes sizes_;
  std::uint16_t port_ = 0;
  std::atomic<bool> on_ = false;
  std::mutex mutex_;
  std::unique_ptr<plant::ModbusServer> server_;
  std::thread thread_;
};

}  // namespace fieldline::connections
