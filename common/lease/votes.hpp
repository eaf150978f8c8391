// Where a voter keeps its vote. On the voter's loop; answers are posted there, later.
#pragma once

#include <functional>
#include <utility>

#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/lease/voter.hpp"

namespace fieldline::lease {

class Votes {
 public:
  using Done = std::function<void(Result<>)>;

  virtual ~Votes() = default;
  // On the disk before `done` hears of success. kConflict: another has become this voter;
  // kPreconditionFailed: the disk has a vote in this epoch or a later one.
  virtual void keep(const Vote& vote, Done done) = 0;
  // Success: at some moment since the call nobody else was this voter. kConflict: another is.
  virtual void confirm(Done done) = 0;
};

// The twin without a disk; `kept` outlives it, as a disk does.
class MemoryVotes final : public Votes {
 public:
  MemoryVotes(Executor& loop, Vote& kept) : loop_(loop), kept_(kept) {}

  void keep(const Vote& vote, Done done) override {
    kept_ = vote;
    confirm(std::move(done));
  }
  void confirm(Done done) override {
    loop_.post([done = std::move(done)] { done({}); });
  }

 private:
  Executor& loop_;
  Vote& kept_;
};

}  // namespace fieldline::lease
