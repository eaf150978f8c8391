#include "tests/bench/outbox/bare_wire.hpp"

#include <string>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "common/base/check.hpp"
#include "common/sql/limits.hpp"
#include "tests/bench/outbox/bare_table.hpp"
#include "tests/bench/stopwatch.hpp"

namespace fieldline::bench {
namespace {

struct Keys {
  std::string public_key = std::string(40, '\0');
  std::string secret_key = std::string(40, '\0');
  Keys() { FIELDLINE_CHECK(zmq_curve_keypair(public_key.data(), secret_key.data()) == 0); }
};

void serve(zmq::socket_t& router, BareTable& table, std::size_t count) {
  std::vector<zmq::message_t> from;
  zmq::message_t body;
  for (std::size_t taken = 0; taken < count;) {
    from.clear();
    auto flags = zmq::recv_flags::none;
    for (zmq::message_t sender; from.size() < sql::kGroup && router.recv(sender, flags);
         flags = zmq::recv_flags::dontwait) {
      FIELDLINE_CHECK(router.recv(body));
      if (from.empty()) table.begin();
      table.insert(body.to_string_view());
      from.push_back(std::move(sender));
      sender = zmq::message_t();
    }
    table.commit();
    for (auto& sender : from) {
      router.send(sender, zmq::send_flags::sndmore);
      router.send(zmq::message_t(), zmq::send_flags::none);
    }
    taken += from.size();
  }
}

}  // namespace

double bare_wire(const std::filesystem::path& file, const Load& load) {
  zmq::context_t context;
  const Keys server;
  const Keys client;
  zmq::socket_t router(context, zmq::socket_type::router);
  router.set(zmq::sockopt::curve_server, true);
  router.set(zmq::sockopt::curve_secretkey, server.secret_key);
  router.set(zmq::sockopt::linger, 1000);
  router.bind("tcp://127.0.0.1:*");
  BareTable table(file);
  std::thread thread([&] { serve(router, table, load.count); });
  zmq::socket_t dealer(context, zmq::socket_type::dealer);
  dealer.set(zmq::sockopt::curve_serverkey, server.public_key);
  dealer.set(zmq::sockopt::curve_publickey, client.public_key);
  dealer.set(zmq::sockopt::curve_secretkey, client.secret_key);
  dealer.connect(router.get(zmq::sockopt::last_endpoint));
  const std::string body(load.bytes, 'm');
  const auto ask = [&] { FIELDLINE_CHECK(dealer.send(zmq::buffer(body))); };
  const Stopwatch watch;
  std::size_t asked = 0;
  for (; asked < load.in_flight; ++asked) ask();
  zmq::message_t answer;
  for (std::size_t answered = 0; answered < load.count; ++answered) {
    FIELDLINE_CHECK(dealer.recv(answer));
    if (asked < load.count) {
      ask();
      ++asked;
    }
  }
  const auto took = watch.milliseconds();
  thread.join();
  return static_cast<double>(load.count) / took * 1000;
}

}  // namespace fieldline::bench
