// Somebody who looks at the console meanwhile: asks over HTTP, one request after the other, and notes
// how long each answer took.
#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "common/base/check.hpp"
#include "tests/bench/fanout/pipe.hpp"
#include "tests/bench/stopwatch.hpp"

namespace fieldline::bench {

class Reader {
 public:
  Reader(std::uint16_t port, std::string token, const std::string& site)
      : port_(port),
        token_(std::move(token)),
        paths_{"/api/v1/instances?limit=100", "/api/v1/sites/" + site + "/health", "/api/v1/sites"},
        thread_([this] { run(); }) {}
  ~Reader() {
    stop();
    thread_.join();
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void stop() { done_ = true; }
  // Has the last answer come? Until then whoever answers must go on.
  [[nodiscard]] bool stopped() const { return stopped_; }
  // Milliseconds of each, once stopped.
  [[nodiscard]] const std::vector<double>& took() const { return took_; }

 private:
  void run() {
    while (!done_) {
      for (const auto& path : paths_) {
        const Stopwatch watch;
        ask(path);
        took_.push_back(watch.milliseconds());
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    stopped_ = true;
  }

  void ask(const std::string& path) const {
    const int line = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port_);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    FIELDLINE_CHECK(connect(line, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    const auto request =
        fmt::format("GET {} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
                    path, token_);
    FIELDLINE_CHECK(send(line, request.data(), request.size(), 0) == static_cast<ssize_t>(request.size()));
    std::string answer;
    char piece[65536];
    for (ssize_t got = 0; (got = recv(line, piece, sizeof piece, 0)) > 0;)
      answer.append(piece, static_cast<std::size_t>(got));
    close(line);
    FIELDLINE_CHECK(answer.starts_with("HTTP/1.1 200"));
  }

  const std::uint16_t port_;
  const std::string token_;
  const std::vector<std::string> paths_;
  std::atomic<bool> done_ = false;
  std::atomic<bool> stopped_ = false;
  std::vector<double> took_;
  std::thread thread_;
};

}  // namespace fieldline::bench
