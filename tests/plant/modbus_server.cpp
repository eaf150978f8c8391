#include "tests/plant/modbus_server.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "common/base/check.hpp"

namespace plant {
namespace {

using fieldline::ErrorCode;
using fieldline::fail;

constexpr std::size_t kMostClients = 64;
constexpr std::uint32_t kByteTimeout = 100'000;  // us: a client that stops mid-request holds up the others

struct Listening {
  int socket;
  std::uint16_t port;
};

fieldline::Result<Listening> listen_on_loopback(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (bind(socket, raw, size) != 0 || listen(socket, 16) != 0 || getsockname(socket, raw, &size) != 0) {
    const int error = errno;
    close(socket);
    return fail(ErrorCode::kIo, fmt::format("127.0.0.1:{}: {}", port, std::system_category().message(error)));
  }
  return Listening{socket, ntohs(address.sin_port)};
}

}  // namespace

fieldline::Result<std::unique_ptr<ModbusServer>> ModbusServer::listen(std::uint16_t port, TableSizes sizes) {
  const auto listening = listen_on_loopback(port);
  if (!listening) return fail(listening.error());
  return std::unique_ptr<ModbusServer>(new ModbusServer(listening->socket, listening->port, sizes));
}

ModbusServer::ModbusServer(int listener, std::uint16_t port, TableSizes sizes)
    : listener_(listener),
      port_(port),
      context_(modbus_new_tcp("127.0.0.1", port)),
      tables_(modbus_mapping_new(sizes.coils, sizes.discretes, sizes.holdings, sizes.inputs)) {
  FIELDLINE_CHECK(context_ != nullptr && tables_ != nullptr);
  modbus_set_byte_timeout(context_.get(), 0, kByteTimeout);
}

ModbusServer::~ModbusServer() {
  for (const int client : clients_) close(client);
  close(listener_);
}

void ModbusServer::serve_for(std::chrono::milliseconds span) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + span;
  for (auto now = Clock::now(); now < end; now = Clock::now()) {
    std::vector<pollfd> watched{{listener_, POLLIN, 0}};
    for (const int client : clients_) watched.push_back({client, POLLIN, 0});
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - now);
    if (poll(watched.data(), watched.size(), static_cast<int>(left.count())) < 0) return;
    for (std::size_t i = 1; i < watched.size(); ++i) {
      if (watched[i].revents == 0 || answer(watched[i].fd)) continue;
      close(watched[i].fd);
      std::erase(clients_, watched[i].fd);
    }
    if (watched[0].revents != 0) accept_client();
  }
}

void ModbusServer::accept_client() {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  if (clients_.size() < kMostClients) {
    clients_.push_back(client);
  } else {
    close(client);
  }
}

bool ModbusServer::answer(int client) {
  constexpr std::size_t kFunctionAt = 7;  // after the MBAP header
  modbus_set_socket(context_.get(), client);
  std::array<std::uint8_t, MODBUS_TCP_MAX_ADU_LENGTH> request{};
  const int length = modbus_receive(context_.get(), request.data());
  if (length < 0) return false;
  if (request[kFunctionAt] <= MODBUS_FC_READ_INPUT_REGISTERS) ++reads_;
  return modbus_reply(context_.get(), request.data(), length, tables_.get()) >= 0;
}

std::span<std::uint8_t> ModbusServer::coils() {
  return {tables_->tab_bits, static_cast<std::size_t>(tables_->nb_bits)};
}

std::span<std::uint8_t> ModbusServer::discretes() {
  return {tables_->tab_input_bits, static_cast<std::size_t>(tables_->nb_input_bits)};
}

std::span<std::uint16_t> ModbusServer::holdings() {
  return {tables_->tab_registers, static_cast<std::size_t>(tables_->nb_registers)};
}

std::span<std::uint16_t> ModbusServer::inputs() {
  return {tables_->tab_input_registers, static_cast<std::size_t>(tables_->nb_input_registers)};
}

}  // namespace plant
