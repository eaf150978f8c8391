// The publisher on TCP: a ZeroMQ PUB with CURVE, guarded by ZAP. A subscriber whose queue is full misses what
// is published meanwhile. Lives on its loop.
#pragma once

#include <memory>
#include <string>

#include "common/base/result.hpp"
#include "common/net/admission.hpp"
#include "common/net/door.hpp"
#include "common/net/key_pair.hpp"
#include "common/net/loop.hpp"
#include "common/net/publisher.hpp"
#include "common/net/zap.hpp"

namespace fieldline::net {

class CurvePublisher final : public Publisher, private Loop::Source {
 public:
  using Options = Door::Options;

  // As Door::open().
  static Result<std::unique_ptr<CurvePublisher>> bind(Loop& loop, Zap& zap, Admission& admission,
                                                      const KeyPair& keys, const Options& options);
  ~CurvePublisher() override;
  CurvePublisher(const CurvePublisher&) = delete;
  CurvePublisher& operator=(const CurvePublisher&) = delete;

  Result<> prove_refusal() { return door_->prove_refusal(); }
  [[nodiscard]] const std::string& endpoint() const { return door_->endpoint(); }

  void publish(Frames&& frames) override;

 private:
  explicit CurvePublisher(std::unique_ptr<Door> door);
  bool take_turn() override;

  const std::unique_ptr<Door> door_;
};

}  // namespace fieldline::net
