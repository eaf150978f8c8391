// The subscriber on TCP: a ZeroMQ SUB with CURVE. Lives on its loop.
#pragma once

#include <utility>

#include "common/net/curve_dial.hpp"
#include "common/net/subscriber.hpp"

namespace fieldline::net {

class CurveSubscriber final : public Subscriber {
 public:
  using Options = CurveDial::Options;

  CurveSubscriber(Loop& loop, KeyPair keys, Options options)
      : dial_(loop, CurveDial::Kind::kSubscriber, std::move(keys), std::move(options)) {}

  void on_message(std::function<void(Frames&&)> handler) override { dial_.on_message(std::move(handler)); }
  void on_link(std::function<void(Link)> handler) override { dial_.on_link(std::move(handler)); }
  Result<> reconnect() override { return dial_.reconnect(); }
  [[nodiscard]] std::uint64_t refused() const override { return dial_.refused(); }

 private:
  CurveDial dial_;
};

}  // namespace fieldline::net
