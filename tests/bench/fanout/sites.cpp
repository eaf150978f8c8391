// Simulated sites that speak the real protocol: HELLO, and ACCEPTED and REPORT to each order.
#include <memory>
#include <thread>

#include "common/net/curve_dealer.hpp"
#include "common/net/loop.hpp"
#include "common/wire/config.hpp"
#include "common/wire/message.hpp"
#include "tests/bench/fanout/disk.hpp"
#include "tests/bench/fanout/pipe.hpp"
#include "tests/bench/fanout/plan.hpp"

namespace fieldline::bench {
namespace {

// A handshake that a busy centre did not get to is over after ten seconds.
constexpr auto kWelcome = std::chrono::seconds(12);

class Site {
 public:
  Site(net::Loop& loop, const Plan& plan, std::size_t number, const std::string& endpoint, Disks* disks)
      : loop_(loop),
        number_(number),
        disks_(disks),
        dealer_(loop, plan.keys[number], {.endpoint = endpoint, .server_key = plan.server.public_key()}) {
    dealer_.on_message([this](net::Frames&& frames) { receive(frames); });
  }

  void dial() {
    FIELDLINE_CHECK(dealer_.reconnect());
    welcomed_ = false;
    const auto attempt = ++attempts_;
    loop_.after(kWelcome, [this, attempt] {
      if (!welcomed_ && attempt == attempts_) dial();
    });
    Hello hello;
    hello.site = "site" + std::to_string(number_);
    hello.node = "a";
    hello.role = Role::kActive;
    hello.inventory_digest = wire::digest({});
    send(hello, 0);
  }

 private:
  template <class Body>
  void send(const Body& body, std::uint64_t correlation) {
    FIELDLINE_CHECK(dealer_.send(wire::seal(body, 1, correlation)) == net::Sent::kYes);
  }

  void receive(const net::Frames& frames) {
    const auto envelope = wire::open(frames, wire::Sender::kCoordinator);
    FIELDLINE_CHECK(envelope);
    if (envelope->header.type == wire::Type::kWelcome) welcomed_ = true;
    if (envelope->header.type != wire::Type::kOrder) return;
    const auto order = wire::body_of<Order>(*envelope);
    FIELDLINE_CHECK(order);
    const auto correlation = envelope->header.correlation;
    send(Accepted{order->deployment}, correlation);
    Report report;
    report.deployment = order->deployment;
    report.instance = order->instance;
    report.revision = order->revision;
    report.success = true;
    if (disks_ == nullptr || envelope->attachment.empty()) return send(report, correlation);
    disks_->commit(number_, std::string(envelope->attachment), [this, report, correlation] {
      loop_.post([this, report, correlation] { send(report, correlation); });
    });
  }

  net::Loop& loop_;
  bool welcomed_ = false;
  std::size_t attempts_ = 0;
  const std::size_t number_;
  Disks* disks_;
  net::CurveDealer dealer_;
};

}  // namespace

void run_sites(const Plan& plan, Share share, int commands) {
  const auto endpoint = hear_line(commands);
  net::Loop loop({.max_sockets = static_cast<int>(share.count * 2 + 100)});
  std::unique_ptr<Disks> disks;
  if (plan.durable) disks = std::make_unique<Disks>(share.first, share.count, plan.folder);
  std::vector<std::unique_ptr<Site>> sites;
  for (auto i = share.first; i < share.first + share.count; ++i) {
    sites.push_back(std::make_unique<Site>(loop, plan, i, endpoint, disks.get()));
  }
  std::thread ear([&] {
    while (hear(commands) == kDial) {
      loop.post([&] {
        for (const auto& site : sites) site->dial();
      });
    }
    loop.stop();
  });
  loop.run();
  ear.join();
}

}  // namespace fieldline::bench
