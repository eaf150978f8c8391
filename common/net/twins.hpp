// The ends of simulated connections: thin handles on LossyNetwork, which they must not outlive.
// Each lives on its executor.
#pragma once

#include <string>
#include <utility>

#include "common/net/lossy_network.hpp"

namespace fieldline::net {

class TwinRouter final : public Router {
 public:
  struct Place {
    std::string host;
    std::string public_key;
    TwinPort port = TwinPort::kControl;
  };

  TwinRouter(LossyNetwork& network, Executor& executor, Place place, Admission& admission);
  ~TwinRouter() override;
  TwinRouter(const TwinRouter&) = delete;
  TwinRouter& operator=(const TwinRouter&) = delete;

  void on_message(std::function<void(Arrival&&)> handler) override { on_message_ = std::move(handler); }
  void on_refused(std::function<void(const std::string&, std::string_view)> handler) override {
    on_refused_ = std::move(handler);
  }
  [[nodiscard]] Sent send(const Peer& peer, Frames&& frames) override;
  [[nodiscard]] std::uint64_t refused() const override { return refused_; }

  [[nodiscard]] Executor& executor() const { return executor_; }
  [[nodiscard]] const std::string& host() const { return place_.host; }
  [[nodiscard]] const std::string& public_key() const { return place_.public_key; }
  [[nodiscard]] TwinPort port() const { return place_.port; }
  [[nodiscard]] Admission& admission() const { return admission_; }
  void arrived(const TwinSession& session, Frames&& frames);

 private:
  LossyNetwork& network_;
  Executor& executor_;
  const Place place_;
  Admission& admission_;
  std::function<void(Arrival&&)> on_message_;
  std::function<void(const std::string&, std::string_view)> on_refused_;
  std::uint64_t refused_ = 0;
};

class TwinDealer final : public Dealer {
 public:
  struct Address {
    std::string host;
    std::string public_key;
    std::string to;
    std::string server_key;
    TwinPort port = TwinPort::kControl;
  };

  TwinDealer(LossyNetwork& network, Executor& executor, Address address);
  ~TwinDealer() override;
  TwinDealer(const TwinDealer&) = delete;
  TwinDealer& operator=(const TwinDealer&) = delete;

  void on_message(std::function<void(Frames&&)> handler) override { on_message_ = std::move(handler); }
  void on_link(std::function<void(Link)> handler) override { on_link_ = std::move(handler); }
  [[nodiscard]] Sent send(Frames&& frames) override;
  Result<> reconnect() override;
  [[nodiscard]] std::uint64_t refused() const override { return refused_; }

  [[nodiscard]] Executor& executor() const { return executor_; }
  [[nodiscard]] const Address& address() const { return address_; }
  void arrived(Frames&& frames);
  void link_changed(Link news);

 private:
  void hang_up();

  LossyNetwork& network_;
  Executor& executor_;
  const Address address_;
  TwinSession::Id session_ = 0;
  Executor::TimerId dialling_ = 0;
  std::function<void(Frames&&)> on_message_;
  std::function<void(Link)> on_link_;
  std::uint64_t refused_ = 0;
};

class TwinPublisher final : public Publisher {
 public:
  TwinPublisher(LossyNetwork& network, Executor& executor, TwinRouter::Place place, Admission& admission)
      : network_(network), router_(network, executor, std::move(place), admission) {}

  void publish(Frames&& frames) override { network_.send_to_all(router_, frames); }

 private:
  LossyNetwork& network_;
  TwinRouter router_;
};

class TwinSubscriber final : public Subscriber {
 public:
  TwinSubscriber(LossyNetwork& network, Executor& executor, TwinDealer::Address address)
      : dealer_(network, executor, std::move(address)) {}

  void on_message(std::function<void(Frames&&)> handler) override { dealer_.on_message(std::move(handler)); }
  void on_link(std::function<void(Link)> handler) override { dealer_.on_link(std::move(handler)); }
  Result<> reconnect() override { return dealer_.reconnect(); }
  [[nodiscard]] std::uint64_t refused() const override { return dealer_.refused(); }

 private:
  TwinDealer dealer_;
};

}  // namespace fieldline::net
