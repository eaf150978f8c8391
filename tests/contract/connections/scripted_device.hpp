// A device that answers each connection with a function of raw bytes: refuses, lies, stalls. It
// records the requests that it could read.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

namespace fieldline::connections {

using Bytes = std::vector<std::uint8_t>;

// One accepted connection, on its own thread.
class Conversation {
 public:
  explicit Conversation(int socket) : socket_(socket) {}

  // One whole request; empty once the client or the device has closed.
  Bytes request();
  void send(std::span<const std::uint8_t> bytes);
  // Holds the connection open and says nothing, until the client or the device closes.
  void stall();

 private:
  bool receive(std::uint8_t* into, std::size_t size);

  int socket_;
};

// The right answer to a request: every register and bit reads 0x0101 or 1, every write is taken.
// Empty for the empty request of a client that has gone.
Bytes honest_answer(const Bytes& request);
Bytes exception_answer(const Bytes& request, std::uint8_t code);
bool is_write(const Bytes& request);

class ScriptedDevice {
 public:
  using Script = std::function<void(Conversation&)>;

  explicit ScriptedDevice(Script script);
  ~ScriptedDevice();
  ScriptedDevice(const ScriptedDevice&) = delete;
  ScriptedDevice& operator=(const ScriptedDevice&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] unsigned connections() const { return connections_; }

 private:
  void accept_all();

  const Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<unsigned> connections_ = 0;
  std::mutex mutex_;
  std::vector<int> sockets_;
  std::vector<std::thread> conversations_;
  std::thread acceptor_;
};

}  // namespace fieldline::connections
