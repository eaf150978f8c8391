// The peer that Fieldline is held against: the same bytes between a ROUTER and DEALERs of plain
// ZeroMQ, CURVE and ZAP on, in the same process layout; no sessions, no decoding, no bookkeeping.
#include <poll.h>
#include <sys/epoll.h>

#include <atomic>
#include <thread>
#include <zmq.hpp>

#include "tests/bench/fanout/disk.hpp"
#include "tests/bench/fanout/pipe.hpp"
#include "tests/bench/fanout/plan.hpp"
#include "tests/bench/stopwatch.hpp"
#include "tests/bench/table.hpp"

namespace fieldline::bench {
namespace {

constexpr std::size_t kHeader = 24;
constexpr int kHighWater = 128;

// Lets every key in.
class OpenDoor {
 public:
  explicit OpenDoor(zmq::context_t& context) : socket_(context, zmq::socket_type::rep) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::rcvtimeo, 100);
    socket_.bind("inproc://zeromq.zap.01");
    thread_ = std::thread([this] {
      while (!done_) answer();
    });
  }
  ~OpenDoor() {
    done_ = true;
    thread_.join();
  }
  OpenDoor(const OpenDoor&) = delete;
  OpenDoor& operator=(const OpenDoor&) = delete;

 private:
  void answer() {
    std::vector<zmq::message_t> request;
    zmq::message_t part;
    if (!socket_.recv(part)) return;
    request.push_back(std::move(part));
    while (request.back().more()) {
      zmq::message_t next;
      FIELDLINE_CHECK(socket_.recv(next));
      request.push_back(std::move(next));
    }
    for (const auto& text : {std::string("1.0"), request[1].to_string(), std::string("200"), std::string(),
                             std::string("site")}) {
      socket_.send(zmq::buffer(text), zmq::send_flags::sndmore);
    }
    socket_.send(zmq::message_t(), zmq::send_flags::none);
  }

  zmq::socket_t socket_;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

class BareCentre {
 public:
  BareCentre(const Plan& plan, const std::vector<int>& commands)
      : plan_(plan), commands_(commands), door_(context_), router_(context_, zmq::socket_type::router) {
    router_.set(zmq::sockopt::curve_server, true);
    router_.set(zmq::sockopt::curve_secretkey, plan.server.secret_key());
    router_.set(zmq::sockopt::zap_domain, "bench");
    router_.set(zmq::sockopt::router_mandatory, true);
    router_.set(zmq::sockopt::sndhwm, kHighWater);
    router_.set(zmq::sockopt::rcvhwm, kHighWater);
    router_.set(zmq::sockopt::backlog, 1024);
    router_.set(zmq::sockopt::linger, 0);
    router_.bind("tcp://127.0.0.1:*");
    say(commands_, router_.get(zmq::sockopt::last_endpoint) + "\n");
  }

  Figures measure() {
    Figures figures;
    const auto before = resident_kib();
    connect();
    figures.kib_per_connection = (resident_kib() - before) / static_cast<double>(plan_.sites);
    figures.reconnect_ms = connect();
    std::vector<double> rounds;
    for (int i = 0; i < kRounds; ++i) rounds.push_back(fan_out());
    figures.fanout_ms = median(rounds);
    figures.round_trip_us = round_trip();
    say(commands_, kEnd);
    return figures;
  }

 private:
  // Receives one message, its sender's routing id first.
  std::string receive() {
    zmq::message_t id;
    FIELDLINE_CHECK(router_.recv(id));
    zmq::message_t part;
    do {
      FIELDLINE_CHECK(router_.recv(part));
    } while (part.more());
    return id.to_string();
  }

  void send(const std::string& peer, const std::string& body) {
    router_.send(zmq::buffer(peer), zmq::send_flags::sndmore);
    router_.send(zmq::buffer(header_), zmq::send_flags::sndmore);
    router_.send(zmq::buffer(body), zmq::send_flags::none);
  }

  // Each site says hello, is answered, and can be sent to.
  double connect() {
    peers_.clear();
    const Stopwatch watch;
    say(commands_, kDial);
    while (peers_.size() < plan_.sites) {
      peers_.push_back(receive());
      send(peers_.back(), "");
    }
    return watch.milliseconds();
  }

  double fan_out() {
    const Stopwatch watch;
    for (const auto& peer : peers_) send(peer, plan_.config);
    for (std::size_t i = 0; i < peers_.size(); ++i) receive();
    return watch.milliseconds();
  }

  double round_trip() {
    const std::string command(100, 'c');
    std::vector<double> times;
    for (int i = 0; i < kRoundTrips; ++i) {
      const Stopwatch watch;
      send(peers_.front(), command);
      receive();
      times.push_back(watch.milliseconds() * 1000);
    }
    return median(times);
  }

  const Plan& plan_;
  const std::vector<int> commands_;
  zmq::context_t context_;
  OpenDoor door_;
  zmq::socket_t router_;
  const std::string header_ = std::string(kHeader, 'h');
  std::vector<std::string> peers_;
};

class BareSites {
 public:
  BareSites(const Plan& plan, Share share, std::string endpoint)
      : plan_(plan),
        share_(share),
        endpoint_(std::move(endpoint)),
        epoll_(epoll_create1(0)),
        sockets_(plan.sites) {
    context_.set(zmq::ctxopt::max_sockets, static_cast<int>(share.count * 2 + 100));
    if (plan.durable) {
      disks_ = std::make_unique<Disks>(share.first, share.count, plan.folder);
      answers_ = zmq::socket_t(context_, zmq::socket_type::pull);
      answers_.set(zmq::sockopt::rcvhwm, 0);
      answers_.bind("inproc://answers");
      watch(answers_, plan.sites);
    }
  }

  void run(int commands) {
    watch_descriptor(commands, plan_.sites + 1, EPOLLIN);
    std::vector<epoll_event> events(256);
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const auto tag = events[static_cast<std::size_t>(i)].data.u64;
        if (tag == plan_.sites + 1) {
          if (hear(commands) == kEnd) return;
          dial();
        } else if (tag == plan_.sites) {
          pass_answers_on();
        } else {
          serve(tag);
        }
      }
    }
  }

 private:
  void watch_descriptor(int fd, std::uint64_t tag, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.u64 = tag;
    FIELDLINE_CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0);
  }

  void watch(zmq::socket_t& socket, std::uint64_t tag) const {
    watch_descriptor(socket.get(zmq::sockopt::fd), tag, EPOLLIN | EPOLLET);
  }

  void dial() {
    for (auto i = share_.first; i < share_.first + share_.count; ++i) {
      sockets_[i] = zmq::socket_t(context_, zmq::socket_type::dealer);
      auto& socket = sockets_[i];
      socket.set(zmq::sockopt::curve_serverkey, plan_.server.public_key());
      socket.set(zmq::sockopt::curve_publickey, plan_.keys[i].public_key());
      socket.set(zmq::sockopt::curve_secretkey, plan_.keys[i].secret_key());
      socket.set(zmq::sockopt::linger, 0);
      socket.connect(endpoint_);
      watch(socket, i);
      answer(i);
      serve(i);
    }
  }

  // The descriptor only tells of changes, so it is read until it shows nothing.
  void serve(std::uint64_t site) {
    auto& socket = sockets_[site];
    zmq::message_t header;
    while (socket.recv(header, zmq::recv_flags::dontwait)) {
      zmq::message_t body;
      FIELDLINE_CHECK(socket.recv(body));
      if (body.size() == 0) continue;  // the answer to hello
      if (!disks_ || body.size() < 1024) {
        answer(site);
      } else {
        disks_->commit(site, body.to_string(), [this, site] { push_answer(site); });
      }
    }
  }

  void answer(std::uint64_t site) {
    static const std::string kAnswer(200, 'a');
    sockets_[site].send(zmq::buffer(kAnswer), zmq::send_flags::none);
  }

  // On a disk thread.
  void push_answer(std::uint64_t site) {
    thread_local zmq::socket_t push = [this] {
      zmq::socket_t socket(context_, zmq::socket_type::push);
      socket.set(zmq::sockopt::sndhwm, 0);
      socket.set(zmq::sockopt::linger, 0);
      socket.connect("inproc://answers");
      return socket;
    }();
    push.send(zmq::buffer(&site, sizeof site), zmq::send_flags::none);
  }

  void pass_answers_on() {
    zmq::message_t message;
    while (answers_.recv(message, zmq::recv_flags::dontwait)) {
      const auto site = *message.data<std::uint64_t>();
      answer(site);
      serve(site);
    }
  }

  const Plan& plan_;
  const Share share_;
  const std::string endpoint_;
  const int epoll_;
  zmq::context_t context_;
  std::vector<zmq::socket_t> sockets_;
  zmq::socket_t answers_;
  std::unique_ptr<Disks> disks_;
};

}  // namespace

void run_bare_sites(const Plan& plan, Share share, int commands) {
  BareSites(plan, share, hear_line(commands)).run(commands);
}

Figures measure_bare_centre(const Plan& plan, const std::vector<int>& commands) {
  return BareCentre(plan, commands).measure();
}

}  // namespace fieldline::bench
