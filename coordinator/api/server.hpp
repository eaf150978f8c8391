// The HTTP/1.1 server, and the only user of RESTinio: connections, their limits and time-outs. Knows
// nothing of what is served. Runs on one thread of its own, named "http".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/base/result.hpp"
#include "coordinator/api/limits.hpp"
#include "coordinator/api/service.hpp"
#include "coordinator/api/tls.hpp"

namespace fieldline::api {

class Server {
 public:
  struct Listen {
    std::string address = "127.0.0.1";  // IPv4 or IPv6
    std::uint16_t port = 0;             // 0: a free one
    ServerLimits limits = {};
    std::optional<TlsFiles> tls = {};  // without it bytes travel as they are
  };

  // kInvalid: no such address, or as open_tls; kIo: it can't be bound. `service` must outlive the server;
  // replies and outlets may outlive both and then lead nowhere.
  static Result<std::unique_ptr<Server>> start(const Listen& listen, Service& service);
  ~Server();

  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Running;
  explicit Server(std::unique_ptr<Running> running);
  std::unique_ptr<Running> running_;
};

}  // namespace fieldline::api
