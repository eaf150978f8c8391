// The router on TCP: a ZeroMQ ROUTER with CURVE, guarded by ZAP. Lives on its loop.
#pragma once

#include <memory>

#include "common/base/result.hpp"
#include "common/net/admission.hpp"
#include "common/net/door.hpp"
#include "common/net/key_pair.hpp"
#include "common/net/loop.hpp"
#include "common/net/router.hpp"
#include "common/net/zap.hpp"

namespace fieldline::net {

class CurveRouter final : public Router, private Loop::Source {
 public:
  using Options = Door::Options;

  // As Door::open().
  static Result<std::unique_ptr<CurveRouter>> bind(Loop& loop, Zap& zap, Admission& admission,
                                                   const KeyPair& keys, const Options& options);
  ~CurveRouter() override;
  CurveRouter(const CurveRouter&) = delete;
  CurveRouter& operator=(const CurveRouter&) = delete;

  Result<> prove_refusal() { return door_->prove_refusal(); }
  [[nodiscard]] const std::string& endpoint() const { return door_->endpoint(); }

  void on_message(std::function<void(Arrival&&)> handler) override { on_message_ = std::move(handler); }
  void on_refused(std::function<void(const std::string&, std::string_view)> handler) override {
    on_refused_ = std::move(handler);
  }
  [[nodiscard]] Sent send(const Peer& peer, Frames&& frames) override;
  [[nodiscard]] std::uint64_t refused() const override { return refused_; }

 private:
  explicit CurveRouter(std::unique_ptr<Door> door);
  bool take_turn() override;
  void refuse(const std::string& key, std::string_view reason);

  const std::unique_ptr<Door> door_;
  std::function<void(Arrival&&)> on_message_;
  std::function<void(const std::string&, std::string_view)> on_refused_;
  std::uint64_t refused_ = 0;
};

}  // namespace fieldline::net
