#include "common/lease/voter.hpp"

#include <algorithm>
#include <utility>

#include "common/base/check.hpp"

namespace fieldline::lease {
namespace {

VoteRefusal refuse(const Voter& voter, const VoteRequest& request, VoteReason reason, Duration wait = {}) {
  return {request.epoch, voter.kept.epoch, request.number, reason, wait};
}

Vote vote_of(const Ask& ask) {
  return {ask.request.epoch, ask.holder, ask.request.lease};
}

}  // namespace

Voter start(Vote kept, Duration lease, Instant now) {
  Voter voter;
  voter.holds_until = now + counted(std::max(lease, kept.lease));
  voter.kept = std::move(kept);
  return voter;
}

Decision ask(Voter& voter, const Ask& ask, Instant now) {
  const auto& request = ask.request;
  if (voter.waiting) return refuse(voter, request, VoteReason::kBusy);
  if (request.epoch == 0 || request.epoch > kMaxEpoch) return refuse(voter, request, VoteReason::kOldEpoch);
  if (request.lease <= Duration::zero() || request.lease > kLongestLease)
    return refuse(voter, request, VoteReason::kLease);
  // Who has this voter's vote already may go on with it even after a start: nobody else can have got it.
  const bool renewal = vote_of(ask) == voter.kept;
  if (!renewal) {
    if (now < voter.holds_until) return refuse(voter, request, VoteReason::kHolding, voter.holds_until - now);
    if (ask.holder != voter.kept.holder && now < voter.serves_until)
      return refuse(voter, request, VoteReason::kServing, voter.serves_until - now);
    if (request.epoch <= voter.kept.epoch) return refuse(voter, request, VoteReason::kOldEpoch);
  }
  if (request.probe) return VoteGrant{request.epoch, request.number, true};
  voter.waiting = Voter::Waiting{ask, now};
  if (renewal) return Confirm{};
  return Keep{vote_of(ask)};
}

Answer settle(Voter& voter, bool done, VoteReason otherwise) {
  FIELDLINE_CHECK(voter.waiting.has_value());
  const auto [ask, came] = *std::exchange(voter.waiting, std::nullopt);
  if (!done) {
    auto refusal = refuse(voter, ask.request, otherwise);
    // The disk has a vote in this epoch: one whose writing seemed to fail.
    if (otherwise == VoteReason::kOldEpoch) refusal.kept = std::max(refusal.kept, ask.request.epoch);
    return refusal;
  }
  voter.kept = vote_of(ask);
  voter.serves_until = came + counted(voter.kept.lease);
  return VoteGrant{ask.request.epoch, ask.request.number, false};
}

bool release(Voter& voter, const std::string& holder, std::uint64_t epoch, Instant now) {
  if (voter.waiting || voter.kept.epoch != epoch || voter.kept.holder != holder) return false;
  voter.serves_until = std::min(voter.serves_until, now);
  return true;
}

bool is_free(const Voter& voter, Instant now) {
  return !voter.waiting && now >= voter.holds_until && now >= voter.serves_until;
}

}  // namespace fieldline::lease
