#include "common/lease/booth.hpp"

#include <utility>
#include <variant>

namespace fieldline::lease {
namespace {

VoteReason reason(const Result<>& outcome) {
  if (!outcome && outcome.error().code == ErrorCode::kConflict) return VoteReason::kNotLeading;
  if (!outcome && outcome.error().code == ErrorCode::kPreconditionFailed) return VoteReason::kOldEpoch;
  return VoteReason::kUnavailable;
}

}  // namespace

Booth::Booth(const Clock& clock, Votes& votes, Vote kept, Duration lease)
    : clock_(clock),
      votes_(votes),
      voter_(start(std::move(kept), lease, clock.now())),
      self_(std::make_shared<Booth*>(this)) {}

void Booth::ask(const Ask& ask, Reply reply) {
  const auto decision = lease::ask(voter_, ask, clock_.now());
  if (const auto* grant = std::get_if<VoteGrant>(&decision)) return reply(*grant);
  if (const auto* refusal = std::get_if<VoteRefusal>(&decision)) return reply(*refusal);
  auto done = [this, self = std::weak_ptr(self_), reply = std::move(reply)](const Result<>& outcome) {
    if (!self.expired()) settled(outcome, reply);
  };
  if (const auto* keep = std::get_if<Keep>(&decision)) return votes_.keep(keep->vote, std::move(done));
  votes_.confirm(std::move(done));
}

void Booth::settled(const Result<>& outcome, const Reply& reply) {
  reply(settle(voter_, outcome.has_value(), reason(outcome)));
}

void Booth::release(const std::string& holder, std::uint64_t epoch) {
  lease::release(voter_, holder, epoch, clock_.now());
}

}  // namespace fieldline::lease
