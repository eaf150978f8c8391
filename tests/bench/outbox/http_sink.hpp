// A web server on loopback that takes whatever is sent to it, on a thread of its own. And how fast plain
// libcurl, on as many connections as there are targets, sends to it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "tests/bench/peers/peers.hpp"

namespace fieldline::bench {

class HttpSink {
 public:
  HttpSink();
  ~HttpSink();
  HttpSink(const HttpSink&) = delete;
  HttpSink& operator=(const HttpSink&) = delete;

  [[nodiscard]] std::string url() const;

 private:
  struct Server;
  std::unique_ptr<Server> server_;
};

// Requests a second, `load.in_flight` connections with one request under way each.
double bare_posts(const HttpSink& sink, const Load& load);

}  // namespace fieldline::bench
