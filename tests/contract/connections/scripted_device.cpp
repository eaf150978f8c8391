#include "tests/contract/connections/scripted_device.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>

#include "common/base/check.hpp"

namespace fieldline::connections {
namespace {

constexpr std::size_t kHeader = 6;  // MBAP up to its length field
constexpr std::size_t kFunctionAt = 7;

// An answer with the request's transaction and unit around `pdu`.
Bytes framed(const Bytes& request, const Bytes& pdu) {
  Bytes answer{request[0], request[1], 0, 0, 0, static_cast<std::uint8_t>(pdu.size() + 1), request[6]};
  answer.insert(answer.end(), pdu.begin(), pdu.end());
  return answer;
}

}  // namespace

bool Conversation::receive(std::uint8_t* into, std::size_t size) {
  return recv(socket_, into, size, MSG_WAITALL) == static_cast<ssize_t>(size);
}

Bytes Conversation::request() {
  Bytes request(kHeader);
  if (!receive(request.data(), kHeader)) return {};
  const std::size_t rest = std::size_t{request[4]} << 8 | request[5];
  request.resize(kHeader + rest);
  if (!receive(request.data() + kHeader, rest)) return {};
  return request;
}

void Conversation::send(std::span<const std::uint8_t> bytes) {
  static_cast<void>(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

void Conversation::stall() {
  std::array<std::uint8_t, 64> ignored{};
  while (recv(socket_, ignored.data(), ignored.size(), 0) > 0) {
  }
}

bool is_write(const Bytes& request) {
  return request[kFunctionAt] > 4;
}

Bytes honest_answer(const Bytes& request) {
  if (request.empty()) return {};
  const std::uint8_t function = request[kFunctionAt];
  if (is_write(request)) return framed(request, {request.begin() + kFunctionAt, request.begin() + 12});
  const unsigned count = unsigned{request[10]} << 8 | request[11];
  const unsigned size = function <= 2 ? (count + 7) / 8 : count * 2;
  Bytes pdu(2 + size, 1);
  pdu[0] = function;
  pdu[1] = static_cast<std::uint8_t>(size);
  return framed(request, pdu);
}

Bytes exception_answer(const Bytes& request, std::uint8_t code) {
  return framed(request, {static_cast<std::uint8_t>(request[kFunctionAt] | 0x80), code});
}

ScriptedDevice::ScriptedDevice(Script script)
    : script_(std::move(script)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  FIELDLINE_CHECK(bind(listener_, raw, size) == 0 && listen(listener_, 16) == 0 &&
                  getsockname(listener_, raw, &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedDevice::~ScriptedDevice() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : sockets_) shutdown(socket, SHUT_RDWR);
  }
  for (auto& conversation : conversations_) conversation.join();
  for (const int socket : sockets_) close(socket);
  close(listener_);
}

void ScriptedDevice::accept_all() {
  for (;;) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    ++connections_;
    const std::lock_guard lock(mutex_);
    sockets_.push_back(socket);
    conversations_.emplace_back([this, socket] {
      Conversation conversation(socket);
      script_(conversation);
      shutdown(socket, SHUT_RDWR);
    });
  }
}

}  // namespace fieldline::connections
