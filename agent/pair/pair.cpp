#include "agent/pair/pair.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "common/base/check.hpp"

namespace fieldline::pair {
namespace {

Moment moment(const Clock& clock) {
  return {clock.now(), clock.utc()};
}

template <class... Case>
struct Cases : Case... {
  using Case::operator()...;
};

}  // namespace

Pair::Pair(Surroundings with, const Settings& settings, lease::Vote kept, const JournalPosition& position)
    : with_(std::move(with)),
      state_(pair::start(settings, std::move(kept), position, moment(with_.loop.clock()))),
      self_(std::make_shared<Pair*>(this)) {
  FIELDLINE_CHECK(settings.peer.empty() == (with_.peer == nullptr));
}

Pair::~Pair() {
  with_.loop.cancel(timer_);
  may_act_->take_away();
  may_deliver_->take_away();
}

void Pair::start() {
  if (with_.peer != nullptr) {
    with_.peer->start(
        [this](const PeerMessage& message) {
          const auto* beat = std::get_if<PeerBeat>(&message);
          if (beat != nullptr && beat->phase == NodePhase::kDraining) with_.duties.peer_drains();
          handle(FromPeer{message});
        },
        [this](std::string why) {
          // Who is active goes on: the other one was updated, and has to wait for this one.
          if (role() == Role::kStandby) disown(std::move(why));
        });
  }
  handle(Tick{});
}

Result<> Pair::command(Command command) {
  commanded_ = {};
  handle(command);
  return std::exchange(commanded_, {});
}

std::optional<Duration> Pair::lease() const {
  const auto now = with_.loop.clock().now();
  if (state_.unleased || !pair::may_act(state_, now)) return std::nullopt;
  return state_.lease_until - now;
}

std::optional<NodePhase> Pair::peer() const {
  const auto& peer = state_.peer;
  if (!peer.known || with_.loop.clock().now() - peer.heard > state_.settings.timers.lease)
    return std::nullopt;
  return peer.phase;
}

void Pair::handle(Event event) {
  FIELDLINE_DCHECK(with_.loop.here());
  events_.push_back(std::move(event));
  if (std::exchange(handling_, true)) return;
  while (!events_.empty()) {
    const auto next = std::move(events_.front());
    events_.pop_front();
    const auto actions = step(state_, next, moment(with_.loop.clock()));
    // Before any of it is carried out: nothing acts any more when serving is told to end.
    set_permits();
    for (const auto& action : actions) carry_out(action);
  }
  handling_ = false;
  schedule_tick();
}

void Pair::set_permits() {
  const auto now = with_.loop.clock().now();
  const auto set = [&](Permit& permit, bool may) {
    if (!may) return permit.take_away();
    if (state_.unleased) return permit.set_without_end();
    permit.set(state_.lease_until);
  };
  set(*may_act_, pair::may_act(state_, now));
  set(*may_deliver_, pair::may_deliver(state_, now));
}

std::function<void()> Pair::later(Event event) {
  return [this, self = std::weak_ptr(self_), event = std::move(event)] {
    if (!self.expired()) handle(event);
  };
}

void Pair::carry_out(const Action& action) {
  auto& duties = with_.duties;
  std::visit(Cases{
                 [&](const KeepVote& keep) {
                   with_.votes.keep(keep.vote, [this, self = std::weak_ptr(self_)](const Result<>& outcome) {
                     if (!self.expired()) handle(VoteKept{outcome.has_value()});
                   });
                 },
                 [&](const ToPeer& mail) { with_.peer->send(mail.message, state_.epoch); },
                 [&](const ToCentral& mail) { with_.to_central(mail.message); },
                 [&](const BeginServing& begin) { duties.begin_serving(begin.epoch); },
                 [&](const EndServing&) { duties.end_serving(later(Stopped{})); },
                 [&](const StopDeliveries&) { duties.stop_deliveries(later(Drained{})); },
                 [&](const ResumeDeliveries&) { duties.resume_deliveries(); },
                 [&](const RaiseEpoch& raise) { duties.raise_epoch(raise.epoch); },
                 [&](const RecordWindow& window) { duties.record(window); },
                 [&](const Alarm& alarm) { duties.alarm(alarm.code, alarm.message); },
                 [&](const RefuseCommand& refusal) {
                   commanded_ =
                       fail(ErrorCode::kConflict, std::string(refusal.message), std::string(refusal.code));
                 },
                 [&](const Enter& change) { duties.entered(change); },
             },
             action);
}

void Pair::schedule_tick() {
  with_.loop.cancel(timer_);
  const auto wait = std::max(next_tick(state_) - with_.loop.clock().now(), Duration(0));
  timer_ = with_.loop.after(wait, [this] {
    timer_ = 0;
    handle(Tick{});
  });
}

}  // namespace fieldline::pair
