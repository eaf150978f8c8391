#include "agent/connections/tcp_dial.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <system_error>

namespace fieldline::connections {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

// Steady, because it counts the wait of a system call, not the time of the daemon's world.
using Deadline = std::chrono::steady_clock::time_point;

Result<AddressList> resolve(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (error != 0) return fail(ErrorCode::kUnavailable, fmt::format("host name: {}", gai_strerror(error)));
  return AddressList(found, &freeaddrinfo);
}

std::string describe(int error) {
  return std::system_category().message(error);
}

int milliseconds_left(Deadline deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

Result<> await_connected(int socket, Deadline deadline, int interrupt) {
  for (;;) {
    std::array<pollfd, 2> watched{{{socket, POLLOUT, 0}, {interrupt, POLLIN, 0}}};
    const int ready = poll(watched.data(), watched.size(), milliseconds_left(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return fail(ErrorCode::kIo, describe(errno));
    if (ready == 0) return fail(ErrorCode::kTimeout, "no answer to the connect");
    if (watched[1].revents != 0) return fail(ErrorCode::kUnavailable, "the connection is being closed");
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(ErrorCode::kUnavailable, describe(error));
    return {};
  }
}

Result<int> dial_one(const addrinfo& address, Deadline deadline, int interrupt) {
  const int socket =
      ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol);
  if (socket < 0) return fail(ErrorCode::kIo, describe(errno));
  Result<> connected;
  if (connect(socket, address.ai_addr, address.ai_addrlen) != 0) {
    connected = errno == EINPROGRESS ? await_connected(socket, deadline, interrupt)
                                     : Result<>(fail(ErrorCode::kUnavailable, describe(errno)));
  }
  if (!connected) {
    close(socket);
    return fail(std::move(connected.error()));
  }
  // Requests are small and each waits for its answer: Nagle's algorithm would only delay them.
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

}  // namespace

Result<int> dial(const Endpoint& endpoint, Duration timeout, int interrupt) {
  const auto addresses = resolve(endpoint);
  if (!addresses) return fail(addresses.error());
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  Result<int> last = fail(ErrorCode::kUnavailable, "the host name has no address");
  for (const auto* address = addresses->get(); address != nullptr; address = address->ai_next) {
    last = dial_one(*address, deadline, interrupt);
    if (last) break;
  }
  return last;
}

}  // namespace fieldline::connections
