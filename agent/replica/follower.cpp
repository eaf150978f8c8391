#include "agent/replica/follower.hpp"

#include <algorithm>
#include <utility>

#include "agent/replica/limits.hpp"
#include "agent/replica/stride.hpp"

namespace fieldline::replica {

State start(std::uint64_t number) {
  State state;
  state.resync.number = state.offering.number = number;
  return state;
}

Actions step(State& state, Event event, Instant now, const Reach& followed) {
  return Stride(state, now, followed).take(std::move(event));
}

std::optional<std::int64_t> lag(const State& state) {
  const bool known = state.mode == Mode::kFollowing || state.mode == Mode::kResyncing;
  if (!known || state.snapshot.wanted || state.snapshot.open) return std::nullopt;
  return std::max<std::int64_t>(state.source.place - state.applied, 0);
}

Actions Stride::take(Event event) {
  std::visit([this](auto& happened) { on(happened); }, event);
  run();
  return std::move(actions_);
}

void Stride::on(const Follow& event) {
  state_.epoch = std::max({state_.epoch, event.epoch, state_.reached.epoch});
  if (state_.mode != Mode::kResting) return;
  state_.mode = Mode::kWaiting;
  state_.source = {};
  state_.in_line = now_;
}

void Stride::on(const Rest&) {
  state_.mode = Mode::kResting;
  forget_live();
  state_.resync.pages.clear();
  state_.snapshot.wanted = state_.snapshot.complete = state_.snapshot.set_back = false;
  end_offer();
}

void Stride::on(Streamed& event) {
  auto& portion = event.portion;
  if (!is_of_now(portion.reach)) return;
  meet(portion.reach);
  if (state_.mode == Mode::kWaiting) {
    if (portion.from <= state_.cursor) {
      come_in_line();
    } else {
      begin_resync(false);
    }
  }
  if (!portion.records.empty() || portion.from != portion.reach.place) return push(std::move(portion));
  const auto end = state_.live.empty() ? state_.cursor : state_.live.back().reach.place;
  if (state_.mode == Mode::kFollowing && portion.from > end) begin_resync(false);
}

bool Stride::is_of_now(const Reach& reach) {
  if (state_.mode == Mode::kResting) return false;
  if (reach.epoch < state_.epoch) {
    ++state_.refused;
    return false;
  }
  state_.epoch = reach.epoch;
  return true;
}

void Stride::meet(const Reach& reach) {
  auto& source = state_.source;
  const bool same_journal = source.journal == reach.journal;
  if (same_journal && source.stream == reach.stream) {
    source.epoch = std::max(source.epoch, reach.epoch);
    source.place = std::max(source.place, reach.place);
    return;
  }
  // Opened anew, for a stream only grows.
  const auto known_stream = same_journal ? source.stream : state_.reached.stream;
  source = reach;
  if (same_journal) {
    if (reach.place < state_.cursor) take_set_back();
    return;
  }
  forget_live();
  state_.snapshot.wanted = state_.reached.journal != reach.journal && !is_applying(reach.journal);
  if (state_.snapshot.wanted) {
    state_.applied = state_.cursor = 0;
    return begin_resync(true);
  }
  state_.applied = state_.reached.journal == reach.journal ? state_.reached.place : 0;
  state_.cursor = is_applying(reach.journal) ? state_.writing.place : state_.applied;
  if (reach.stream != known_stream && reach.place < state_.cursor) return take_set_back();
  if (state_.mode != Mode::kWaiting) begin_resync(false);
}

// Its file reaches less far than what is here of it.
void Stride::take_set_back() {
  forget_live();
  state_.applied = state_.cursor = 0;
  state_.snapshot.set_back = true;
  begin_resync(true);
}

// What the journal will say that it follows when the write under way is done.
bool Stride::is_applying(const std::string& journal) const {
  return state_.write == State::Write::kApply && !state_.snapshot.open && state_.writing.journal == journal;
}

void Stride::push(Portion portion) {
  auto& live = state_.live;
  if (portion.reach.place <= state_.cursor) return;
  auto end = live.empty() ? portion.from : live.back().reach.place;
  if (state_.mode == Mode::kFollowing && live.empty()) end = state_.cursor;
  if (!live.empty() && portion.reach.place <= end) return;
  if (portion.from > end) {
    forget_live();
    if (state_.mode == Mode::kFollowing) begin_resync(false);
  }
  if (state_.live_bytes + portion.bytes > kLiveBytes || live.size() >= kLivePortions) {
    ++state_.overflows;
    forget_live();
    if (state_.mode == Mode::kFollowing) begin_resync(false);
    return;
  }
  state_.live_bytes += portion.bytes;
  live.push_back(std::move(portion));
}

void Stride::forget_live() {
  state_.live.clear();
  state_.live_bytes = 0;
}

void Stride::begin_resync(bool snapshot) {
  auto& resync = state_.resync;
  state_.mode = Mode::kResyncing;
  ++state_.resyncs;
  end_offer();
  state_.snapshot.complete = false;
  state_.snapshot.wanted = state_.snapshot.wanted || snapshot;
  if (snapshot) ++state_.snapshots;
  resync.pages.clear();
  resync.progress = now_;
  ++resync.number;
  if (!state_.snapshot.wanted) ask_anew();
}

void Stride::ask_anew() {
  state_.resync.expected = state_.cursor;
  ask(state_.cursor);
}

void Stride::ask(Place after) {
  state_.resync.progress = now_;
  act(Ask{{after, state_.source.journal, state_.resync.number, kResyncWindow}});
}

void Stride::on(Paged& event) {
  auto& resync = state_.resync;
  const auto& portion = event.portion;
  if (state_.mode != Mode::kResyncing || event.number != resync.number || state_.snapshot.wanted) return;
  if (!is_of_now(portion.reach)) return;
  const auto journal = state_.source.journal;
  meet(portion.reach);
  if (journal != portion.reach.journal) return;
  resync.progress = now_;
  state_.source.place = std::max(state_.source.place, event.newest);
  if (event.gap) return begin_resync(true);
  if (portion.from < resync.expected || resync.pages.size() >= kResyncWindow) return;
  if (portion.from > resync.expected) return begin_resync(false);
  resync.expected = portion.reach.place;
  resync.pages.push_back(std::move(event));
}

void Stride::on(const Written& event) {
  const auto write = std::exchange(state_.write, State::Write::kNone);
  if (!event.done) return write_failed();
  switch (write) {
    case State::Write::kNone:
      return;
    case State::Write::kBegin:
      return snapshot_begun();
    case State::Write::kApply:
      act(Moved{});
      if (state_.writing.journal == state_.source.journal && !state_.snapshot.wanted) applied();
      return;
    case State::Write::kEnd:
      state_.snapshot.open = state_.snapshot.complete = false;
      act(Moved{});
      if (state_.mode == Mode::kResyncing && !state_.snapshot.wanted) finish_resync();
      return;
  }
}

// What came is asked for again; a snapshot begins anew, for this node may have written in between.
void Stride::write_failed() {
  state_.not_before = now_ + kPatience;
  if (state_.mode == Mode::kResting || state_.mode == Mode::kWaiting) return;
  realign();
}

bool Stride::is_aligned() const {
  if (state_.snapshot.wanted || state_.snapshot.open || state_.write != State::Write::kNone) return true;
  return state_.reached.journal == state_.source.journal && state_.reached.place == state_.applied;
}

void Stride::realign() {
  forget_live();
  const auto& snapshot = state_.snapshot;
  const bool goes_on =
      !snapshot.open && !snapshot.set_back && state_.reached.journal == state_.source.journal;
  state_.applied = state_.cursor = goes_on ? state_.reached.place : 0;
  begin_resync(!goes_on);
}

void Stride::snapshot_begun() {
  state_.snapshot.open = true;
  state_.snapshot.set_back = false;
  state_.applied = state_.cursor = 0;
  act(Moved{});
  if (state_.writing.journal != state_.source.journal || state_.mode != Mode::kResyncing) return;
  state_.snapshot.wanted = false;
  ask_anew();
}

void Stride::applied() {
  auto& resync = state_.resync;
  state_.applied = std::max(state_.applied, state_.writing.place);
  if (state_.mode != Mode::kResyncing || !std::exchange(resync.is_page, false)) return;
  if (!resync.is_last) return ask(state_.applied);
  if (state_.snapshot.open) {
    state_.snapshot.complete = true;
  } else {
    finish_resync();
  }
}

// The stream may have gone further meanwhile, and lost some.
void Stride::finish_resync() {
  if (!state_.live.empty() && state_.live.front().from > state_.cursor) return begin_resync(false);
  come_in_line();
}

void Stride::come_in_line() {
  state_.mode = Mode::kFollowing;
  state_.resync.pages.clear();
  state_.offering.due = true;
  state_.offering.after = 0;
}

void Stride::run() {
  if (state_.mode == Mode::kResting || state_.mode == Mode::kWaiting) return;
  if (!is_aligned()) realign();
  if (state_.write == State::Write::kNone && now_ >= state_.not_before) write();
  offer();
  if (state_.mode == Mode::kFollowing && state_.live.empty() && state_.write == State::Write::kNone)
    state_.in_line = now_;
}

void Stride::write() {
  if (state_.snapshot.wanted) {
    state_.write = State::Write::kBegin;
    state_.writing = state_.source;
    return act(BeginSnapshot{state_.source.journal, state_.snapshot.set_back});
  }
  if (state_.snapshot.complete) {
    state_.write = State::Write::kEnd;
    return act(EndSnapshot{});
  }
  if (state_.mode == Mode::kResyncing && !state_.resync.pages.empty()) return apply_page();
  drop_known();
  const bool joins = !state_.live.empty() && state_.live.front().from <= state_.cursor;
  if (state_.mode == Mode::kResyncing && joins && !state_.snapshot.open) come_in_line();
  if (state_.mode == Mode::kFollowing) apply_live();
}

void Stride::apply_page() {
  auto& resync = state_.resync;
  auto page = std::move(resync.pages.front());
  resync.pages.pop_front();
  resync.is_page = true;
  resync.is_last = page.portion.reach.place >= page.newest;
  apply(page.portion.reach, std::move(page.portion.records));
}

// What a page has brought already.
void Stride::drop_known() {
  auto& live = state_.live;
  while (!live.empty() && live.front().reach.place <= state_.cursor) {
    state_.live_bytes -= live.front().bytes;
    live.pop_front();
  }
}

void Stride::apply_live() {
  auto& live = state_.live;
  const auto& known = state_.reached;
  if (live.empty()) {
    // The same records in a later epoch: the journals stand equal only when both know it.
    const Reach reach{state_.source.journal, state_.source.stream, state_.source.epoch, state_.cursor};
    if (known.epoch != reach.epoch || known.stream != reach.stream) apply(reach, {});
    return;
  }
  Reach reach;
  std::vector<journal::Record> records;
  for (std::size_t bytes = 0; !live.empty() && bytes < kApplyBytes; live.pop_front()) {
    auto& portion = live.front();
    reach = portion.reach;
    bytes += portion.bytes;
    state_.live_bytes -= portion.bytes;
    for (auto& record : portion.records) {
      const auto last = records.empty() ? state_.cursor : records.back().place;
      if (record.place > last) records.push_back(std::move(record));
    }
  }
  apply(reach, std::move(records));
}

void Stride::apply(const Reach& reach, std::vector<journal::Record> records) {
  state_.write = State::Write::kApply;
  state_.writing = reach;
  state_.cursor = reach.place;
  act(Apply{reach, std::move(records)});
}

void Stride::offer() {
  auto& offering = state_.offering;
  if (state_.mode != Mode::kFollowing || !offering.due || offering.state != State::Tail::kQuiet) return;
  if (now_ < offering.not_before) return;
  offering.state = State::Tail::kReading;
  act(ReadUnshared{offering.after});
}

void Stride::on(Unshared& event) {
  auto& offering = state_.offering;
  if (offering.state != State::Tail::kReading) return;
  offering.state = State::Tail::kQuiet;
  if (!event.done) offering.not_before = now_ + kPatience;
  if (!event.done || state_.mode != Mode::kFollowing) return;
  if (event.records.empty()) {
    // The end; from the beginning there must be nothing either.
    offering.due = std::exchange(offering.after, 0) != 0;
    return;
  }
  offering.state = State::Tail::kOffered;
  offering.through = event.through;
  offering.records = std::move(event.records);
  offering.sent = now_;
  act(Offer{++offering.number, offering.records});
}

void Stride::on(Answered& event) {
  auto& offering = state_.offering;
  const auto& fates = event.fates.fates;
  if (offering.state != State::Tail::kOffered || event.fates.number != offering.number) return;
  if (fates.size() != offering.records.size()) return;
  Resolve resolve;
  for (std::size_t i = 0; i < fates.size(); ++i) {
    resolve.places.push_back(offering.records[i].place);
    resolve.fates.push_back(static_cast<journal::Fate>(fates[i]));
  }
  offering.records.clear();
  offering.state = State::Tail::kResolving;
  act(std::move(resolve));
}

void Stride::on(const Resolved& event) {
  auto& offering = state_.offering;
  if (offering.state != State::Tail::kResolving) return;
  offering.state = State::Tail::kQuiet;
  if (event.done) {
    offering.after = offering.through;
  } else {
    offering.not_before = now_ + kPatience;
  }
}

// What is being read or written ends by itself.
void Stride::end_offer() {
  auto& offering = state_.offering;
  offering.records.clear();
  if (offering.state == State::Tail::kOffered) offering.state = State::Tail::kQuiet;
}

void Stride::on(const Hurry&) {
  ack();
}

void Stride::on(const Tick&) {
  ack();
  const auto& resync = state_.resync;
  const bool idle = state_.write == State::Write::kNone && resync.pages.empty();
  if (state_.mode == Mode::kResyncing && !state_.snapshot.wanted && !state_.snapshot.complete && idle &&
      now_ - resync.progress >= kPatience) {
    ++state_.resync.number;
    ask_anew();
  }
  auto& offering = state_.offering;
  if (offering.state == State::Tail::kOffered && now_ - offering.sent >= kPatience) {
    offering.sent = now_;
    act(Offer{offering.number, offering.records});
  }
}

void Stride::ack() {
  const auto& reached = state_.reached;
  if (state_.mode == Mode::kResting || reached.journal.empty() || reached.journal != state_.source.journal)
    return;
  act(Ack{reached.journal, reached.place});
}

}  // namespace fieldline::replica
