#include "tests/unit/coordinator/api/wire_client.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace fieldline::api::test {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{10};

}  // namespace

std::string Answer::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

WireClient::WireClient(std::uint16_t port, int receive_buffer)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer > 0)
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("can't connect to the server under test");
}

WireClient::~WireClient() {
  ::close(socket_);
}

bool WireClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void WireClient::finish_sending() {
  ::shutdown(socket_, SHUT_WR);
}

bool WireClient::read_some(SteadyClock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now());
  pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
  if (::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) <= 0) return false;
  char bytes[16 * 1024];
  const auto got = ::recv(socket_, bytes, sizeof bytes, 0);
  if (got <= 0) return false;
  received.append(bytes, static_cast<std::size_t>(got));
  return true;
}

bool WireClient::read_until(std::string_view text) {
  const auto deadline = SteadyClock::now() + kPatience;
  while (received.find(text) == std::string::npos) {
    if (!read_some(deadline)) return false;
  }
  return true;
}

bool WireClient::is_closed_within(std::chrono::milliseconds limit) {
  const auto deadline = SteadyClock::now() + limit;
  while (read_some(deadline)) {
  }
  return SteadyClock::now() < deadline;
}

std::optional<std::string> WireClient::take_line() {
  if (!read_until("\r\n")) return std::nullopt;
  const auto end = received.find("\r\n");
  auto line = received.substr(0, end);
  received.erase(0, end + 2);
  return line;
}

std::optional<std::string> WireClient::take(std::size_t bytes) {
  const auto deadline = SteadyClock::now() + kPatience;
  while (received.size() < bytes) {
    if (!read_some(deadline)) return std::nullopt;
  }
  auto taken = received.substr(0, bytes);
  received.erase(0, bytes);
  return taken;
}

std::optional<std::string> WireClient::take_chunks() {
  std::string body;
  for (;;) {
    const auto size = take_line();
    if (!size) return std::nullopt;
    const auto bytes = std::stoul(*size, nullptr, 16);
    const auto chunk = take(bytes + 2);
    if (!chunk) return std::nullopt;
    if (bytes == 0) return body;
    body += chunk->substr(0, bytes);
  }
}

Answer WireClient::response(bool of_head) {
  const auto status = take_line();
  if (!status || status->size() < 12) return {};
  Answer answer{.status = std::stoi(status->substr(9, 3)), .headers = {}, .body = {}};
  for (;;) {
    const auto line = take_line();
    if (!line) return {};
    if (line->empty()) break;
    auto name = line->substr(0, line->find(':'));
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto value = line->find_first_not_of(' ', name.size() + 1);
    answer.headers[name] = value == std::string::npos ? "" : line->substr(value);
  }
  if (of_head || answer.status < 200 || answer.status == 204 || answer.status == 304) return answer;
  const auto length = answer.header("content-length");
  auto body = answer.header("transfer-encoding") == "chunked" ? take_chunks()
                                                              : take(length.empty() ? 0 : std::stoul(length));
  if (!body) return {};
  answer.body = std::move(*body);
  return answer;
}

std::string request(std::string_view method, std::string_view target, std::string_view fields,
                    std::string_view body) {
  auto text = fmt::format("{} {} HTTP/1.1\r\nHost: fieldline\r\n{}", method, target, fields);
  if (!body.empty()) text += fmt::format("Content-Length: {}\r\n", body.size());
  return text + "\r\n" + std::string(body);
}

}  // namespace fieldline::api::test
