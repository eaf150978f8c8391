// Where connections come in: each is shown to Intake first, counted, and can be turned away. For
// server.cpp alone. On the server's thread.
#pragma once

#include <fmt/format.h>

#include <array>
#include <asio.hpp>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

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
  // Before any socket is made.
  void open(Service& owner, const ServerLimits& limits) {
    owner_ = &owner;
    limits_ = limits;
  }

  [[nodiscard]] Allowance allow(const Head& head) { return owner_->allow(head); }
  [[nodiscard]] const ServerLimits& limits() const { return limits_; }

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

// A socket that shows what it reads to Intake first. On a refusal it writes the answer itself, then
// swallows what the client still sends, since closing upon unread bytes would reset the connection
// and take the answer with it; RESTinio's read time-out ends that.
class InspectedSocket : public tcp::socket {
 public:
  explicit InspectedSocket(asio::io_context& io) : tcp::socket(io), door_(&asio::use_service<Door>(io)) {}

  InspectedSocket& lowest_layer() { return *this; }
  // RESTinio asks right after accepting and loses count of its accepts on an exception, which a
  // client that has already gone would raise.
  [[nodiscard]] endpoint_type remote_endpoint() const {
    asio::error_code gone;
    return tcp::socket::remote_endpoint(gone);
  }

  template <class Buffer, class Handler>
  void async_read_some(const Buffer& buffer, Handler handler) {
    // The first read: from here on the socket is moved no more.
    if (!visit_) visit_ = std::make_unique<Visit>(*door_, *this, remote_endpoint());
    if (visit_->refusal()) return refuse(std::move(handler));
    tcp::socket::async_read_some(
        buffer, [this, buffer, handler = std::move(handler)](asio::error_code error, std::size_t n) mutable {
          if (error) return handler(error, n);
          const auto verdict = visit_->take({static_cast<const char*>(buffer.data()), n});
          if (verdict.pass == 0) return refuse(std::move(handler));
          if (verdict.expects_continue) return say_continue(verdict.pass, std::move(handler));
          handler(error, verdict.pass);
        });
  }

 private:
  template <class Handler>
  void say_continue(std::size_t pass, Handler handler) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(static_cast<tcp::socket&>(*this), asio::buffer(kContinue.data(), kContinue.size()),
                      [pass, handler = std::move(handler)](asio::error_code error, std::size_t) mutable {
                        handler(error, error ? 0 : pass);
                      });
  }

  template <class Handler>
  void refuse(Handler handler) {
    const auto bytes = std::make_shared<const std::string>(render(*visit_->refusal()));
    asio::async_write(
        static_cast<tcp::socket&>(*this), asio::buffer(*bytes),
        [this, bytes, handler = std::move(handler)](asio::error_code error, std::size_t) mutable {
          if (error) return handler(error, 0);
          asio::error_code ignored;
          shutdown(shutdown_send, ignored);
          drain(std::move(handler), std::make_shared<Drain>());
        });
  }

  using Drain = std::array<char, 16 * 1024>;
  template <class Handler>
  void drain(Handler handler, std::shared_ptr<Drain> into) {
    tcp::socket::async_read_some(asio::buffer(*into), [this, handler = std::move(handler), into](
                                                          asio::error_code error, std::size_t) mutable {
      if (error) return handler(error, 0);
      drain(std::move(handler), std::move(into));
    });
  }

  Door* door_;
  std::unique_ptr<Visit> visit_;
};

}  // namespace fieldline::api
