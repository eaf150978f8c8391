// Where to listen or connect: a host and a TCP port.
#pragma once

#include <cstdint>
#include <string>

namespace fieldline::settings {

struct Endpoint {
  std::string host;        // a name, an IPv4 address, or an IPv6 address without its brackets
  std::uint16_t port = 0;  // 0: any free one, to listen on

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

}  // namespace fieldline::settings
