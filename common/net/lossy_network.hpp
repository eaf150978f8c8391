// The network of a simulation: in-memory twins of Router and Dealer, Publisher and Subscriber on executors of
// one virtual world, with latency, loss and damage out of a seeded source. Connections and the packets in
// flight live here; it outlives the twins and every task of their executors. That world's thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "common/base/executor.hpp"
#include "common/base/random.hpp"
#include "common/net/admission.hpp"
#include "common/net/dealer.hpp"
#include "common/net/publisher.hpp"
#include "common/net/router.hpp"
#include "common/net/subscriber.hpp"
#include "common/net/twin_session.hpp"

namespace fieldline::net {

class LossyNetwork final {
 public:
  // How one direction of a link treats messages; chances are 0 … 1, each drawn once a message.
  // Connections themselves are made and ended reliably, as by TCP.
  struct Weather {
    Duration latency_min = std::chrono::milliseconds(1);
    Duration latency_max = std::chrono::milliseconds(1);
    double loss = 0;
    double duplication = 0;
    double reordering = 0;  // overtakes the message before it, if that is still on its way
    double damage = 0;      // one bit of one frame is flipped
  };

  explicit LossyNetwork(Random random) : random_(std::move(random)) {}
  ~LossyNetwork();
  LossyNetwork(const LossyNetwork&) = delete;
  LossyNetwork& operator=(const LossyNetwork&) = delete;

  // Listens at `host`, which names the machine in cut() and the like; one router a host.
  std::unique_ptr<Router> router(Executor& executor, const std::string& host, const std::string& public_key,
                                 Admission& admission);
  // Dials the router of `to`. Its own `host` is also the address that a pending list shows.
  std::unique_ptr<Dealer> dealer(Executor& executor, const std::string& host, const std::string& public_key,
                                 const std::string& to, const std::string& server_key);

  // The same for what is published; a host may have a router and a publisher. Who reads too slowly misses
  // what a full queue has no room for.
  std::unique_ptr<Publisher> publisher(Executor& executor, const std::string& host,
                                       const std::string& public_key, Admission& admission);
  std::unique_ptr<Subscriber> subscriber(Executor& executor, const std::string& host,
                                         const std::string& public_key, const std::string& to,
                                         const std::string& server_key);

  // For every direction without a weather of its own.
  void set_weather(const Weather& weather) { weather_ = weather; }
  void set_weather(const std::string& from, const std::string& to, const Weather& weather);

  // Packets from → to are held, as TCP holds what it must send again, until heal(). Nobody is told.
  void cut(const std::string& from, const std::string& to) { cuts_.emplace(from, to); }
  void heal(const std::string& from, const std::string& to);
  // `host` reads nothing, like a process that is stopped, until resume().
  void stall(const std::string& host) { stalled_.insert(host); }
  void resume(const std::string& host);

 private:
  friend class TwinDealer;
  friend class TwinPublisher;
  friend class TwinRouter;
  using Id = TwinSession::Id;

  // What the twins ask for.
  void open(TwinRouter& router);
  Id dial(TwinDealer& dealer);
  void hang_up(Id id);
  void close(TwinRouter& router);
  [[nodiscard]] Sent send_up(Id id, Frames&& frames);
  [[nodiscard]] Sent send_down(const TwinRouter& router, Id id, Frames&& frames);
  void send_to_all(const TwinRouter& router, const Frames& frames);

  [[nodiscard]] Sent send(TwinSession& session, Way way, Frames&& frames);
  void put(TwinSession& session, Way way, TwinPacket packet);
  void spoil(Frames& frames);
  [[nodiscard]] bool chance(double of) { return of > 0 && random_.fraction() < of; }
  [[nodiscard]] const Weather& weather(const TwinFlow& flow) const;

  void pump(Id id, Way way);
  void pump_all();
  void arm(TwinSession& session, Way way);
  void deliver(TwinSession& session, Way way, TwinPacket packet);
  void shake_hands(TwinSession& session);
  void take(TwinSession& session, Way way, Frames&& frames);
  void end(TwinSession& session, Link news);
  [[nodiscard]] bool blocked(const TwinFlow& flow) const;

  Random random_;
  Weather weather_;
  std::map<std::pair<std::string, std::string>, Weather> weathers_;
  std::set<std::pair<std::string, std::string>> cuts_;
  std::set<std::string> stalled_;
  std::map<std::pair<std::string, TwinPort>, TwinRouter*> routers_;
  std::map<Id, TwinSession> sessions_;
  Id last_session_ = 0;
};

}  // namespace fieldline::net
