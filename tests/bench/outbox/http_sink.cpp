#include "tests/bench/outbox/http_sink.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cstdint>
#include <restinio/all.hpp>
#include <thread>
#include <vector>

#include "common/base/check.hpp"
#include "tests/bench/stopwatch.hpp"

namespace fieldline::bench {
namespace {

using Traits = restinio::default_single_thread_traits_t;

restinio::request_handling_status_t take(const restinio::request_handle_t& request) {
  return request->create_response(restinio::status_created()).done();
}

void post(const std::string& url, const std::string& body, std::size_t count) {
  CURL* curl = curl_easy_init();
  FIELDLINE_CHECK(curl != nullptr);
  auto* headers = curl_slist_append(nullptr, "Content-Type: application/json");
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  for (std::size_t i = 0; i < count; ++i) {
    FIELDLINE_CHECK(curl_easy_perform(curl) == CURLE_OK);
  }
  curl_slist_free_all(headers);
  curl_easy_cleanup(curl);
}

}  // namespace

struct HttpSink::Server {
  std::uint16_t port = 0;
  restinio::http_server_t<Traits> server{
      restinio::own_io_context(), [this](auto& settings) {
        settings.address("127.0.0.1")
            .port(0)
            .acceptor_post_bind_hook([this](auto& bound) { port = bound.local_endpoint().port(); })
            .socket_options_setter(
                [](auto& options) { options.set_option(restinio::asio_ns::ip::tcp::no_delay(true)); })
            .request_handler(take);
      }};
  std::thread thread;
};

HttpSink::HttpSink() : server_(std::make_unique<Server>()) {
  server_->server.open_sync();
  server_->thread = std::thread([this] { server_->server.io_context().run(); });
}

HttpSink::~HttpSink() {
  server_->server.io_context().stop();
  server_->thread.join();
}

std::string HttpSink::url() const {
  return fmt::format("http://127.0.0.1:{}", server_->port);
}

double bare_posts(const HttpSink& sink, const Load& load) {
  const auto url = sink.url() + "/readings";
  const std::string body(load.bytes, 'm');
  const Stopwatch watch;
  std::vector<std::thread> connections;
  for (std::size_t i = 0; i < load.in_flight; ++i) {
    connections.emplace_back([&] { post(url, body, load.count / load.in_flight); });
  }
  for (auto& connection : connections) connection.join();
  return static_cast<double>(load.count) / watch.milliseconds() * 1000;
}

}  // namespace fieldline::bench
