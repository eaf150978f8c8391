// The coordinator's voter for one site: a Voter, and the place where its vote is kept. Refuses to vote
// once another coordinator leads. Lives on the loop that `votes` answers on.
#pragma once

#include <functional>
#include <memory>

#include "common/base/time.hpp"
#include "common/lease/voter.hpp"
#include "common/lease/votes.hpp"

namespace fieldline::lease {

class Booth {
 public:
  using Reply = std::function<void(const Answer&)>;

  // `kept` is what `votes` holds; the boot hold begins now. Both references outlive it.
  Booth(const Clock& clock, Votes& votes, Vote kept, Duration lease);
  Booth(const Booth&) = delete;
  Booth& operator=(const Booth&) = delete;

  // Answers at once or later, never after it is gone.
  void ask(const Ask& ask, Reply reply);
  void release(const std::string& holder, std::uint64_t epoch);

  [[nodiscard]] const Voter& voter() const { return voter_; }

 private:
  void settled(const Result<>& outcome, const Reply& reply);

  const Clock& clock_;
  Votes& votes_;
  Voter voter_;
  const std::shared_ptr<Booth*> self_;  // late answers to a booth that is gone find it expired
};

}  // namespace fieldline::lease
