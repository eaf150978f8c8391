#include "coordinator/api/server.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <mutex>
#include <restinio/all.hpp>
#include <thread>
#include <vector>

#include "common/base/worker.hpp"
#include "coordinator/api/intake.hpp"
#include "coordinator/api/problem.hpp"

namespace fieldline::api {
namespace {

using tcp = asio::ip::tcp;

std::string render(const Response& response) {
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

using Traits =
    restinio::traits_t<restinio::asio_timer_manager_t, restinio::null_logger_t,
                       restinio::default_request_handler_t, restinio::noop_strand_t, InspectedSocket>;

template <class Builder>
void add_fields(Builder& builder, const Response& response) {
  if (!response.content_type.empty()) builder.append_header("Content-Type", response.content_type);
  for (const auto& [field, value] : response.headers) builder.append_header(field, value);
}

restinio::http_status_line_t status_line(int status) {
  return {restinio::http_status_code_t(static_cast<std::uint16_t>(status)), std::string(reason(status))};
}

// RESTinio answers an offer to upgrade as often as it is written to, unless that ends the connection.
bool wants_upgrade(const restinio::request_t& request) {
  return request.header().connection() == restinio::http_connection_header_t::upgrade;
}

void answer(restinio::request_t& request, Response response) {
  if (request.header().method() == restinio::http_method_head()) {
    auto builder = request.create_response<restinio::user_controlled_output_t>(status_line(response.status));
    add_fields(builder, response);
    builder.set_content_length(response.body.size());
    builder.done();
    return;
  }
  auto builder = request.create_response(status_line(response.status));
  add_fields(builder, response);
  if (wants_upgrade(request)) builder.connection_close();
  builder.set_body(std::move(response.body));
  builder.done();
}

using IoContext = std::shared_ptr<asio::io_context>;

// A chunked response that goes on. What is written waits here while one write is under way, so that
// many small pieces become one, and what waits can be counted.
class ChunkedOutlet final : public Outlet, public std::enable_shared_from_this<ChunkedOutlet> {
 public:
  using Builder = restinio::response_builder_t<restinio::chunked_output_t>;

  ChunkedOutlet(IoContext io, std::size_t limit) : io_(std::move(io)), limit_(limit) {}

  bool write(std::shared_ptr<const std::string> bytes) override {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    waiting_bytes_ += bytes->size();
    if (waiting_bytes_ > limit_) {
      closed_ = true;
      asio::post(*io_, [self = shared_from_this()] { self->give_up(); });
      return false;
    }
    waiting_.push_back(std::move(bytes));
    if (!std::exchange(writing_, true)) asio::post(*io_, [self = shared_from_this()] { self->flush(); });
    return true;
  }

  void close() override {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    ending_ = true;
    if (!std::exchange(writing_, true)) asio::post(*io_, [self = shared_from_this()] { self->flush(); });
  }

  // On the server's thread, as all below.
  void begin(restinio::request_t& request, const Response& head) {
    peer_ = request.remote_endpoint();
    builder_.emplace(request.create_response<restinio::chunked_output_t>(status_line(head.status)));
    add_fields(*builder_, head);
    builder_->flush();
  }

 private:
  void flush() {
    if (!builder_) return;
    std::vector<std::shared_ptr<const std::string>> batch;
    bool at_end = false;
    {
      const std::lock_guard lock(mutex_);
      batch.swap(waiting_);
      writing_ = !batch.empty();
      at_end = batch.empty() && ending_;
    }
    if (at_end) return end();
    if (batch.empty()) return;
    std::size_t bytes = 0;
    std::string chunk;
    for (const auto& piece : batch) {
      bytes += piece->size();
      chunk += *piece;
    }
    builder_->append_chunk(std::move(chunk));
    builder_->flush([weak = weak_from_this(), bytes](const asio::error_code& error) {
      if (const auto self = weak.lock()) self->written(bytes, error);
    });
  }

  void written(std::size_t bytes, const asio::error_code& error) {
    {
      const std::lock_guard lock(mutex_);
      waiting_bytes_ -= bytes;
      if (error) closed_ = true;
    }
    if (error)
      builder_.reset();
    else
      flush();
  }

  void give_up() {
    if (!builder_) return;
    asio::use_service<Door>(*io_).expel(peer_);
    builder_.reset();
  }

  void end() {
    builder_->done();
    builder_.reset();
  }

  const IoContext io_;
  const std::size_t limit_;
  std::optional<Builder> builder_;
  tcp::endpoint peer_;

  std::mutex mutex_;
  std::vector<std::shared_ptr<const std::string>> waiting_;
  std::size_t waiting_bytes_ = 0;  // with those being written
  bool writing_ = false;
  bool closed_ = false;  // takes no more
  bool ending_ = false;  // is to end once all is written
};

// RESTinio's objects are touched on its own thread only, and never from inside its call of the request
// handler: answered there and then, it would begin to read the next request twice.
class HttpExchange final : public Reply::Exchange {
 public:
  HttpExchange(IoContext io, restinio::request_handle_t request)
      : io_(std::move(io)), request_(std::move(request)) {}

  void send(Response response) override {
    asio::post(*io_, [request = std::move(request_), response = std::move(response)]() mutable {
      answer(*request, std::move(response));
    });
  }

  std::shared_ptr<Outlet> open(Response head) override {
    const auto limit = asio::use_service<Door>(*io_).limits().stream_bytes;
    auto outlet = std::make_shared<ChunkedOutlet>(io_, limit);
    asio::post(*io_, [outlet, request = std::move(request_), head = std::move(head)] {
      outlet->begin(*request, head);
    });
    return outlet;
  }

 private:
  const IoContext io_;
  restinio::request_handle_t request_;
};

Request translate(restinio::request_t& request) {
  Request out;
  const auto& header = request.header();
  out.head.method = parse_method(header.method().c_str());
  out.head.target = header.request_target();
  header.for_each_field([&](const auto& field) { out.head.headers.add(field.name(), field.value()); });
  out.head.peer = request.remote_endpoint().address().to_string();
  out.body = request.body();
  return out;
}

}  // namespace

struct Server::Running {
  IoContext io = std::make_shared<asio::io_context>(1);
  std::unique_ptr<restinio::http_server_t<Traits>> server;
  std::uint16_t port = 0;
  std::thread thread;
};

Server::Server(std::unique_ptr<Running> running) : running_(std::move(running)) {}

std::uint16_t Server::port() const {
  return running_->port;
}

Result<std::unique_ptr<Server>> Server::start(const Listen& listen, Service& service) {
  asio::error_code bad;
  const auto address = asio::ip::make_address(listen.address, bad);
  if (bad)
    return fail(ErrorCode::kInvalid,
                fmt::format("'{}' is not an IPv4 or IPv6 address to listen on", listen.address));
  auto running = std::make_unique<Running>();
  auto& [io, server, port, thread] = *running;
  const auto& limits = listen.limits;
  asio::use_service<Door>(*io).open(service, limits);
  try {
    server = std::make_unique<restinio::http_server_t<Traits>>(
        restinio::external_io_context(*io), [&](restinio::server_settings_t<Traits>& settings) {
          settings.address(address)
              .port(listen.port)
              .protocol(address.is_v6() ? tcp::v6() : tcp::v4())
              .acceptor_post_bind_hook([&](tcp::acceptor& bound) { port = bound.local_endpoint().port(); })
              .socket_options_setter([](auto& options) { options.set_option(tcp::no_delay(true)); })
              .buffer_size(16 * 1024)
              .max_pipelined_requests(1)
              .read_next_http_message_timelimit(limits.read)
              .write_http_response_timelimit(limits.write)
              .handle_request_timeout(limits.handle)
              .timer_manager(limits.tick)
              .request_handler([&io = io, &service](const restinio::request_handle_t& request) {
                auto translated = translate(*request);
                service.serve(std::move(translated), Reply(std::make_unique<HttpExchange>(io, request)));
                return restinio::request_accepted();
              });
        });
    server->open_sync();
  } catch (const std::exception& error) {
    return fail(ErrorCode::kIo,
                fmt::format("can't listen on {} port {}: {}", listen.address, listen.port, error.what()));
  }
  thread = std::thread([io = io.get()] {
    name_thread("http");
    io->run();
  });
  return std::unique_ptr<Server>(new Server(std::move(running)));
}

Server::~Server() {
  asio::post(*running_->io, [this] {
    running_->server->close_sync();
    asio::use_service<Door>(*running_->io).expel_all();
    running_->io->stop();
  });
  running_->thread.join();
}

}  // namespace fieldline::api
