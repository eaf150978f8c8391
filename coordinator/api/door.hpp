// Where connections come in: each is shown to Intake first, counted, and can be turned away. For
// server.cpp alone. On the server's thread.
#pragma once

#include <fmt/format.h>

#include <array>
#include <asio.hpp>
#include <asio/ssl.hpp>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "coordinator/api/intake.hpp"
#include "coordinator/api/limits.hpp"
#include "coordinator/api/problem.hpp"

namespace fieldline::api {

using tcp = asio::ip::tcp;

inline std::string render(const Response& response) {
  auto text =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n",
                  response.status, reason(response.status), response.content_type, response.body.size());
  for (const auto& [field, value] : response.headers) text += fmt::format("{}: {}\r\n", field, value);
  return text + "\r\n" + response.body;
}

// What all sockets of one server share. RESTinio makes sockets from the io_context alone, so they
// find it there.
class Door final : public asio::execution_context::service {
 public:
  using key_type = Door;
  static inline asio::execution_context::id id;

  explicit Door(asio::execution_context& context) : service(context) {}
  // Before any socket is made; `tls` is null where there is none.
  void open(Service& owner, const ServerLimits& limits, std::shared_ptr<asio::ssl::context> tls) {
    owner_ = &owner;
    limits_ = limits;
    tls_ = std::move(tls);
  }

  [[nodiscard]] Allowance allow(const Head& head) { return owner_->allow(head); }
  [[nodiscard]] const ServerLimits& limits() const { return limits_; }
  [[nodiscard]] asio::ssl::context& tls() { return *tls_; }

  // False when there are too many already; it is to leave all the same.
  [[nodiscard]] bool enter(tcp::socket& socket, const tcp::endpoint& peer) {
    inside_[peer] = &socket;
    return inside_.size() <= limits_.connections;
  }
  void leave(const tcp::socket& socket, const tcp::endpoint& peer) {
    const auto found = inside_.find(peer);
    if (found != inside_.end() && found->second == &socket) inside_.erase(found);
  }
  void expel_all() {
    asio::error_code ignored;
    for (const auto& [peer, socket] : inside_) socket->shutdown(tcp::socket::shutdown_both, ignored);
  }
  // Ends a connection whatever is under way on it. RESTinio itself has no way to say so.
  void expel(const tcp::endpoint& peer) {
    const auto found = inside_.find(peer);
    asio::error_code ignored;
    if (found != inside_.end()) found->second->shutdown(tcp::socket::shutdown_both, ignored);
  }

 private:
  void shutdown() noexcept override {}

  Service* owner_ = nullptr;
  ServerLimits limits_;
  std::shared_ptr<asio::ssl::context> tls_;
  std::map<tcp::endpoint, tcp::socket*> inside_;
};

// One connection as the door sees it.
class Visit {
 public:
  Visit(Door& door, tcp::socket& socket, const tcp::endpoint& peer)
      : door_(door),
        socket_(socket),
        peer_(peer),
        intake_([&door](const Head& head) { return door.allow(head); }, peer.address().to_string()) {
    if (!door.enter(socket, peer))
      refusal_ = problem(503, "too-many-connections", "the server has all the connections that it takes");
  }
  ~Visit() { door_.leave(socket_, peer_); }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  [[nodiscard]] Intake::Verdict take(std::span<const char> bytes) {
    auto verdict = intake_.take(bytes);
    refusal_ = std::move(verdict.refusal);
    return verdict;
  }
  [[nodiscard]] const std::optional<Response>& refusal() const { return refusal_; }

 private:
  Door& door_;
  tcp::socket& socket_;
  const tcp::endpoint peer_;
  Intake intake_;
  std::optional<Response> refusal_;
};

// RESTinio asks for the peer right after accepting and loses count of its accepts on an exception, which
// a client that has already gone would raise.
class CalmSocket : public tcp::socket {
 public:
  using tcp::socket::socket;

  [[nodiscard]] endpoint_type remote_endpoint() const {
    asio::error_code gone;
    return tcp::socket::remote_endpoint(gone);
  }
};

// How the bytes of a connection travel: as they are …
class PlainLine {
 public:
  PlainLine(asio::io_context& io, Door&) : socket_(io) {}

  [[nodiscard]] CalmSocket& socket() { return socket_; }
  [[nodiscard]] const CalmSocket& socket() const { return socket_; }
  [[nodiscard]] CalmSocket& stream() { return socket_; }
  template <class Handler>
  void greet(Handler handler) {
    handler(asio::error_code());
  }

 private:
  CalmSocket socket_;
};

// … or in TLS, whose handshake comes first. What it was moved from can be used again, as a socket can:
// RESTinio accepts the next connection into it.
class TlsLine {
 public:
  using Stream = asio::ssl::stream<CalmSocket>;

  TlsLine(asio::io_context& io, Door& door) : io_(io), door_(door), stream_(fresh()) {}
  TlsLine(TlsLine&& other)
      : io_(other.io_), door_(other.door_), stream_(std::exchange(other.stream_, other.fresh())) {}

  [[nodiscard]] CalmSocket& socket() { return stream_->next_layer(); }
  [[nodiscard]] const CalmSocket& socket() const { return stream_->next_layer(); }
  [[nodiscard]] Stream& stream() { return *stream_; }
  template <class Handler>
  void greet(Handler handler) {
    stream_->async_handshake(asio::ssl::stream_base::server, std::move(handler));
  }

 private:
  [[nodiscard]] std::unique_ptr<Stream> fresh() const { return std::make_unique<Stream>(io_, door_.tls()); }

  asio::io_context& io_;
  Door& door_;
  std::unique_ptr<Stream> stream_;
};

// A socket, as RESTinio wants one, that shows what it reads to Intake first. On a refusal it writes the
// answer itself, then swallows what the client still sends, since closing upon unread bytes would reset
// the connection and take the answer with it; RESTinio's read time-out ends that.
template <class Line>
class InspectedSocket {
 public:
  using executor_type = tcp::socket::executor_type;

  explicit InspectedSocket(asio::io_context& io) : door_(&asio::use_service<Door>(io)), line_(io, *door_) {}

  [[nodiscard]] executor_type get_executor() { return line_.socket().get_executor(); }
  [[nodiscard]] CalmSocket& lowest_layer() { return line_.socket(); }
  // RESTinio knows two sockets that it readies for reading, and one of them needs nothing.
  operator tcp::socket&() { return line_.socket(); }
  [[nodiscard]] tcp::endpoint remote_endpoint() const { return line_.socket().remote_endpoint(); }
  [[nodiscard]] bool is_open() const { return line_.socket().is_open(); }
  template <class... Args>
  void cancel(Args&&... args) {
    line_.socket().cancel(std::forward<Args>(args)...);
  }
  template <class... Args>
  void shutdown(Args&&... args) {
    line_.socket().shutdown(std::forward<Args>(args)...);
  }
  template <class... Args>
  void close(Args&&... args) {
    line_.socket().close(std::forward<Args>(args)...);
  }

  // The handler owns the buffers and may not be moved before they are read.
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    line_.stream().async_write_some(buffers, std::forward<Handler>(handler));
  }

  template <class Buffer, class Handler>
  void async_read_some(const Buffer& buffer, Handler handler) {
    if (visit_) return read(buffer, std::move(handler));
    // The first read: from here on the socket is moved no more.
    visit_ = std::make_unique<Visit>(*door_, line_.socket(), remote_endpoint());
    line_.greet([this, buffer, handler = std::move(handler)](asio::error_code error) mutable {
      if (error) return handler(error, 0);
      read(buffer, std::move(handler));
    });
  }

 private:
  template <class Buffer, class Handler>
  void read(const Buffer& buffer, Handler handler) {
    if (visit_->refusal()) return refuse(std::move(handler));
    line_.stream().async_read_some(
        buffer, [this, buffer, handler = std::move(handler)](asio::error_code error, std::size_t n) mutable {
          if (error) return handler(error, n);
          const auto verdict = visit_->take({static_cast<const char*>(buffer.data()), n});
          if (verdict.pass == 0) return refuse(std::move(handler));
          if (verdict.expects_continue) return say_continue(verdict.pass, std::move(handler));
          handler(error, verdict.pass);
        });
  }

  template <class Handler>
  void say_continue(std::size_t pass, Handler handler) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(line_.stream(), asio::buffer(kContinue.data(), kContinue.size()),
                      [pass, handler = std::move(handler)](asio::error_code error, std::size_t) mutable {
                        handler(error, error ? 0 : pass);
                      });
  }

  template <class Handler>
  void refuse(Handler handler) {
    const auto bytes = std::make_shared<const std::string>(render(*visit_->refusal()));
    asio::async_write(
        line_.stream(), asio::buffer(*bytes),
        [this, bytes, handler = std::move(handler)](asio::error_code error, std::size_t) mutable {
          if (error) return handler(error, 0);
          asio::error_code ignored;
          shutdown(tcp::socket::shutdown_send, ignored);
          drain(std::move(handler), std::make_shared<Drain>());
        });
  }

  using Drain = std::array<char, 16 * 1024>;
  template <class Handler>
  void drain(Handler handler, std::shared_ptr<Drain> into) {
    line_.stream().async_read_some(asio::buffer(*into), [this, handler = std::move(handler), into](
                                                            asio::error_code error, std::size_t) mutable {
      if (error) return handler(error, 0);
      drain(std::move(handler), std::move(into));
    });
  }

  Door* door_;
  Line line_;
  std::unique_ptr<Visit> visit_;
};

}  // namespace fieldline::api
