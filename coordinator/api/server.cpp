#include "coordinator/api/server.hpp"

#include <fmt/format.h>

#include <functional>
#include <restinio/all.hpp>
#include <thread>

#include "common/base/worker.hpp"
#include "coordinator/api/chunked_outlet.hpp"
#include "coordinator/api/door.hpp"

namespace fieldline::api {
namespace {

template <class Line>
using Traits =
    restinio::traits_t<restinio::asio_timer_manager_t, restinio::null_logger_t,
                       restinio::default_request_handler_t, restinio::noop_strand_t, InspectedSocket<Line>>;

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

// RESTinio's objects are touched on its own thread only, and never from inside its call of the request
// handler: answered there and then, it would begin to read the next request twice.
class HttpExchange final : public Reply::Exchange {
 public:
  HttpExchange(std::shared_ptr<Stage> stage, restinio::request_handle_t request)
      : stage_(std::move(stage)), request_(std::move(request)) {}

  void send(Response response) override {
    stage_->post([request = std::move(request_), response = std::move(response)]() mutable {
      answer(*request, std::move(response));
    });
  }

  std::shared_ptr<Outlet> open(Response head) override {
    const auto limit = stage_->door().limits().stream_bytes;
    auto outlet = std::make_shared<ChunkedOutlet>(stage_, limit);
    stage_->post(
        [outlet, request = std::move(request_), head = std::move(head)] { outlet->begin(*request, head); });
    return outlet;
  }

 private:
  const std::shared_ptr<Stage> stage_;
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

// The same server over either line.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void close() = 0;
};

template <class Line>
class ListenerOver final : public Listener {
 public:
  using Settings = restinio::server_settings_t<Traits<Line>>;

  // Throws as RESTinio does.
  ListenerOver(const std::shared_ptr<Stage>& stage, const std::function<void(Settings&)>& set)
      : server_(restinio::external_io_context(stage->io), set) {
    server_.open_sync();
  }
  void close() override { server_.close_sync(); }

 private:
  restinio::http_server_t<Traits<Line>> server_;
};

struct Place {
  asio::ip::address address;
  std::uint16_t port;
};

// Answers with the port that it is.
template <class Line>
std::unique_ptr<Listener> listen_over(const std::shared_ptr<Stage>& stage, Service& service,
                                      const Place& place, std::uint16_t& port) {
  const auto& limits = stage->door().limits();
  return std::make_unique<ListenerOver<Line>>(stage, [&](auto& settings) {
    settings.address(place.address)
        .port(place.port)
        .protocol(place.address.is_v6() ? tcp::v6() : tcp::v4())
        .acceptor_post_bind_hook([&](tcp::acceptor& bound) { port = bound.local_endpoint().port(); })
        .socket_options_setter([](auto& options) { options.set_option(tcp::no_delay(true)); })
        .buffer_size(16 * 1024)
        .max_pipelined_requests(1)
        .read_next_http_message_timelimit(limits.read)
        .write_http_response_timelimit(limits.write)
        .handle_request_timeout(limits.handle)
        .timer_manager(limits.tick)
        .request_handler([stage = std::weak_ptr(stage), &service](const restinio::request_handle_t& request) {
          auto translated = translate(*request);
          service.serve(std::move(translated), Reply(std::make_unique<HttpExchange>(stage.lock(), request)));
          return restinio::request_accepted();
        });
  });
}

}  // namespace

struct Server::Running {
  std::shared_ptr<Stage> stage = std::make_shared<Stage>();
  std::unique_ptr<Listener> listener;
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
  std::shared_ptr<asio::ssl::context> tls;
  if (listen.tls) {
    auto opened = open_tls(*listen.tls);
    if (!opened) return fail(std::move(opened.error()));
    tls = std::move(*opened);
  }
  auto running = std::make_unique<Running>();
  auto& [stage, listener, port, thread] = *running;
  stage->door().open(service, listen.limits, tls);
  try {
    const Place place{address, listen.port};
    listener = tls ? listen_over<TlsLine>(stage, service, place, port)
                   : listen_over<PlainLine>(stage, service, place, port);
  } catch (const std::exception& error) {
    return fail(ErrorCode::kIo,
                fmt::format("can't listen on {} port {}: {}", listen.address, listen.port, error.what()));
  }
  thread = std::thread([&io = stage->io] {
    name_thread("http");
    io.run();
  });
  return std::unique_ptr<Server>(new Server(std::move(running)));
}

Server::~Server() {
  auto& stage = *running_->stage;
  stage.post([&stage, &listener = *running_->listener] {
    listener.close();
    stage.door().expel_all();
    stage.io.stop();
  });
  running_->thread.join();
  stage.bring_down();
}

}  // namespace fieldline::api
