// The courier and the outbox as scripts see them. Refuses whatever a script asks on a node that is not the
// active one any more: it may go on for a moment after the role is lost. Lives on the agent's loop.
#pragma once

#include <functional>

#include "agent/outbox/outbox.hpp"
#include "agent/runtime/outside.hpp"
#include "agent/targets/courier.hpp"
#include "common/base/executor.hpp"

namespace fieldline::agent {

class Outside final : public runtime::Outside {
 public:
  struct Surroundings {
    Executor& loop;
    targets::Courier& courier;
    outbox::Outbox& outbox;
    targets::Resolve resolve;
    std::function<bool()> may_act;  // now
  };

  explicit Outside(Surroundings with) : with_(std::move(with)) {}
  // kConflict: this node is not active; kInvalid, kNotFound: no such artifact here; what the other room says.
  void ask(runtime::Asked asked, runtime::Answered answered) override;

 private:
  void send(runtime::Asked asked, const runtime::Answered& answered);
  void refuse(Failure why, const runtime::Answered& answered);

  const Surroundings with_;
};

}  // namespace fieldline::agent
