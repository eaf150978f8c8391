// Bytes of strangers on the real port: the router must go on serving its own nodes.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "common/base/random.hpp"
#include "common/net/curve_dealer.hpp"
#include "common/net/curve_router.hpp"

using namespace fieldline;
using namespace fieldline::net;
using namespace std::chrono_literals;

namespace {

// A router on a loop thread of its own that sends each message back.
class EchoServer {
 public:
  EchoServer() {
    auto bound = CurveRouter::bind(loop_, zap_, admission_, keys_, {"tcp://127.0.0.1:*", "control"});
    REQUIRE(bound.has_value());
    router_ = std::move(*bound);
    admission_.allow(guest.public_key());
    router_->on_message([this](Router::Arrival&& arrival) {
      senders_.insert(arrival.key);
      static_cast<void>(router_->send(arrival.peer, std::move(arrival.frames)));
    });
    thread_ = std::thread([this] { loop_.run(); });
  }

  ~EchoServer() {
    if (thread_.joinable()) stop();
  }

  void stop() {
    loop_.stop();
    thread_.join();
  }

  [[nodiscard]] const std::string& endpoint() const { return router_->endpoint(); }
  [[nodiscard]] const std::string& server_key() const { return keys_.public_key(); }
  // After stop().
  [[nodiscard]] const std::set<std::string>& senders() const { return senders_; }
  [[nodiscard]] std::size_t pending() const { return admission_.pending().size(); }

  const KeyPair guest = KeyPair::generate();

 private:
  const KeyPair keys_ = KeyPair::generate();
  Loop loop_;
  Admission admission_{loop_.clock()};
  Zap zap_{loop_};
  std::unique_ptr<CurveRouter> router_;
  std::set<std::string> senders_;
  std::thread thread_;
};

// The one node that is admitted.
class Guest {
 public:
  explicit Guest(const EchoServer& server)
      : dealer_(loop_, server.guest, {server.endpoint(), server.server_key()}) {
    dealer_.on_message([this](Frames&& frames) { last_ = std::move(frames); });
    REQUIRE(dealer_.reconnect().has_value());
  }

  [[nodiscard]] bool is_served() {
    const Frames question{"are you there?", std::to_string(++asked_)};
    if (dealer_.send(Frames(question)) != Sent::kYes) return false;
    return loop_.run_until([&] { return last_ == question; }, 20s);
  }

 private:
  Loop loop_;
  CurveDealer dealer_;
  Frames last_;
  int asked_ = 0;
};

class RawConnection {
 public:
  explicit RawConnection(const std::string& endpoint)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  RawConnection(RawConnection&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~RawConnection() {
    if (fd_ >= 0) ::close(fd_);
  }

  // The other side may have hung up already: that is its right.
  void write(std::string_view bytes) const {
    [[maybe_unused]] const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

 private:
  int fd_;
};

// ZMTP 3.1 (RFC 37): signature, version, mechanism, as-server, filler.
std::string greeting(const std::string& mechanism) {
  std::string bytes("\xff\0\0\0\0\0\0\0\0\x7f\3\1", 12);
  bytes += mechanism;
  bytes.resize(64, '\0');
  return bytes;
}

std::string random_bytes(Random& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random.below(256));
  return bytes;
}

// A command frame whose length is one and whose body is another thing.
std::string long_frame(char flags, std::string_view length, std::string_view body) {
  std::string frame(1, flags);
  frame += length;
  frame += body;
  return frame;
}

}  // namespace

TEST_CASE("a router serves its nodes whatever strangers write on its port") {
  EchoServer server;
  Guest guest(server);
  REQUIRE(guest.is_served());
  Random random(20);
  const std::string huge("\x7f\xff\xff\xff\xff\xff\xff\xff", 8);
  const std::string negative("\xff\xff\xff\xff\xff\xff\xff\xff", 8);
  const std::vector<std::string> openings{
      "",
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      greeting("CURVE").substr(0, 20),
      greeting("NULL") + std::string("\x04\x26\x05READY", 8),
      greeting("PLAIN") + std::string("\x04\x0c\x05HELLO\x01u\x01p", 11),
      greeting("CURVE") + std::string("\x04\xc8\x05HELLO", 8) + random_bytes(random, 194),
      greeting("CURVE") + long_frame('\x06', huge, "\x05HELLO"),
      greeting("CURVE") + long_frame('\x06', negative, "\x05HELLO"),
      greeting("CURVE") + long_frame('\x02', huge, random_bytes(random, 5000)),
      std::string("\x01\x00", 2),
      std::string("\xff\0\0\0\0\0\0\0\1\x7f\1\0", 12),
  };
  std::vector<RawConnection> left_open;
  for (const auto& opening : openings) {
    left_open.emplace_back(server.endpoint());
    left_open.back().write(opening);
    RawConnection(server.endpoint()).write(opening + random_bytes(random, 300));
    REQUIRE(guest.is_served());
  }
  for (int i = 0; i < 200; ++i) {
    RawConnection(server.endpoint()).write(random_bytes(random, random.below(2000)));
  }
  REQUIRE(guest.is_served());
  server.stop();
  CHECK(server.senders() == std::set{server.guest.public_key()});
  CHECK(server.pending() == 0);
}
