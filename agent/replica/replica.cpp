#include "agent/replica/replica.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "agent/replica/limits.hpp"
#include "agent/replica/records.hpp"
#include "common/base/check.hpp"
#include "common/base/fail_point.hpp"

namespace fieldline::replica {
namespace {

template <class... Case>
struct ByKind : Case... {
  using Case::operator()...;
};

// How it came: whose, from where to where, and the records.
template <class Body>
Result<Portion> portion_of(const Body& body, std::string_view bytes) {
  if (body.journal.empty() || body.journal.size() > kLongestName || body.stream.size() > kLongestName ||
      body.epoch > kMaxEpoch) {
    return fail(ErrorCode::kInvalid, "no such journal or epoch");
  }
  auto records = unpack(body.records, bytes, body.from, body.through);
  if (!records) return fail(std::move(records.error()));
  const auto size = bytes.size() + body.records.size() * sizeof(journal::Record);
  return Portion{{body.journal, body.stream, body.epoch, body.through}, body.from, std::move(*records), size};
}

}  // namespace

Replica::Replica(Surroundings with, std::int64_t resync_rate, Random random)
    : with_(std::move(with)),
      feed_({with_.loop, with_.journal, with_.publisher, with_.to_peer}, resync_rate),
      state_(replica::start(random.below(std::uint64_t{1} << 48))),
      link_(with_.loop, with_.subscriber, std::move(random)),
      self_(std::make_shared<Replica*>(this)) {}

Replica::~Replica() {
  with_.loop.cancel(timer_);
  with_.journal.on_growth({});
}

void Replica::start() {
  with_.journal.on_growth([this] { grown(); });
  link_.start([this](const wire::Envelope& envelope) { stream(envelope); });
  follow();
  tick();
}

void Replica::feed() {
  rest();
  with_.reached(with_.journal.position());
  feed_.begin();
}

void Replica::raised() {
  with_.reached(with_.journal.position());
  feed_.beacon();
}

void Replica::follow() {
  feed_.end();
  handle(Follow{with_.journal.epoch()});
}

void Replica::rest() {
  feed_.end();
  handle(Rest{});
}

void Replica::grown() {
  with_.reached(with_.journal.position());
  feed_.grow();
}

void Replica::tick() {
  timer_ = with_.loop.after(kBeaconInterval, [this] { tick(); });
  feed_.beacon();
  handle(Tick{});
  const auto now = with_.loop.clock().now();
  const auto peer = with_.peer();
  const bool speaks = peer == NodePhase::kActive || peer == NodePhase::kDraining;
  if (speaks && state_.mode != Mode::kResting && now - link_.heard() >= kSilence) link_.redial();
  if (now - mended_ < kMendInterval) return;
  mended_ = now;
  mend();
}

void Replica::stream(const wire::Envelope& envelope) {
  const auto batch = wire::body_of<RecordBatch>(envelope);
  if (!batch) return link_.drop(batch.error().describe());
  auto portion = portion_of(*batch, envelope.attachment);
  if (!portion) return link_.drop(portion.error().describe());
  fail_point("replica.heard");
  handle(Streamed{std::move(*portion)});
}

void Replica::page(const wire::Envelope& envelope) {
  const auto page = wire::body_of<ResyncPage>(envelope);
  if (!page) return link_.drop(page.error().describe());
  auto portion = portion_of(*page, envelope.attachment);
  if (!portion) return link_.drop(portion.error().describe());
  handle(Paged{page->number, page->gap, page->newest, std::move(*portion)});
}

void Replica::hear(const wire::Envelope& envelope) {
  const auto take = [&]<class Body>(Body*, auto&& handler) {
    const auto body = wire::body_of<Body>(envelope);
    if (!body) return link_.drop(body.error().describe());
    handler(*body);
  };
  switch (envelope.header.type) {
    case wire::Type::kResyncQuery:
      return take(static_cast<ResyncQuery*>(nullptr), [&](const auto& query) { feed_.take(query); });
    case wire::Type::kResyncPage:
      return page(envelope);
    case wire::Type::kReplicaAck:
      return take(static_cast<ReplicaAck*>(nullptr), [&](const auto& ack) { feed_.take(ack); });
    case wire::Type::kTailOffer:
      return take(static_cast<TailOffer*>(nullptr),
                  [&](const auto& offer) { feed_.take(offer, envelope.attachment); });
    case wire::Type::kTailFates:
      return take(static_cast<TailFates*>(nullptr), [&](const auto& fates) { handle(Answered{fates}); });
    case wire::Type::kRecordsQuery:
      return take(static_cast<RecordsQuery*>(nullptr), [&](const auto& query) { look_up(query); });
    case wire::Type::kRecordsFound:
      return restore(envelope);
    default:
      return link_.drop("a type that the peer channel does not have");
  }
}

void Replica::handle(Event event) {
  FIELDLINE_DCHECK(with_.loop.here());
  auto actions = step(state_, std::move(event), with_.loop.clock().now(), with_.journal.followed());
  for (auto& action : actions) carry_out(action);
}

// What comes of an answer of the journal, if this is still there then.
template <class T, class Then>
std::function<void(Result<T>)> Replica::then(Then event) {
  return [this, self = std::weak_ptr(self_), event = std::move(event)](Result<T> answer) {
    if (self.expired()) return;
    if (!answer) spdlog::warn("replication: {}", answer.error().describe());
    handle(event(answer));
  };
}

void Replica::carry_out(Action& action) {
  auto& journal = with_.journal;
  const auto written = [](std::string_view moment) {
    return [moment](const Result<>& outcome) {
      fail_point(moment);
      return Written{outcome.has_value()};
    };
  };
  const auto send = [&](const auto& body, std::string bytes = {}) {
    with_.to_peer(wire::seal(body, state_.epoch, 0, std::move(bytes)));
  };
  std::visit(
      ByKind{
          [&](Apply& apply) {
            journal.apply(apply.reach, std::move(apply.records), then<void>(written("replica.applied")));
          },
          [&](const BeginSnapshot& begin) {
            spdlog::info("replication: takes all of the other node's journal{}",
                         begin.set_back ? ", which was set back" : "");
            journal.begin_snapshot(begin.journal, then<void>(written("replica.snapshot-begun")),
                                   begin.set_back);
          },
          [&](const EndSnapshot&) { journal.end_snapshot(then<void>(written("replica.snapshot-ended"))); },
          [&](const Ask& ask) { send(ask.query); },
          [&](const Ack& ack) {
            send(ReplicaAck{journal.journal(), journal.level(), ack.journal, ack.place});
            fail_point("replica.acknowledged");
          },
          [&](const ReadUnshared& read) {
            journal.unshared(read.after, then<journal::Records>([](Result<journal::Records>& tail) {
                               if (!tail) return Unshared{};
                               return Unshared{true, std::move(tail->records), tail->through};
                             }));
          },
          [&](const Offer& offer) {
            auto packed = pack(offer.records);
            send(TailOffer{offer.number, std::move(packed.heads)}, std::move(packed.bytes));
            fail_point("replica.offered");
          },
          [&](const Resolve& resolve) {
            journal.resolve(resolve.places, resolve.fates, then<void>([](const Result<>& outcome) {
                              fail_point("replica.resolved");
                              return Resolved{outcome.has_value()};
                            }));
          },
          [&](const Moved&) {
            // The ack first: with the last row the peer hands over, and hears acks no more.
            if (with_.peer() == NodePhase::kDraining) handle(Hurry{});
            with_.reached(journal.position());
          },
      },
      action);
}

// Asks the peer for messages that the disk has damaged, a portion at a time, and all of them in turn.
void Replica::mend() {
  const auto& wanted = with_.journal.wanted();
  if (wanted.empty() || !with_.peer()) return;
  if (mended_through_ >= wanted.size()) mended_through_ = 0;
  const auto count = std::min(kMendIds, wanted.size() - mended_through_);
  const auto first = wanted.begin() + static_cast<std::ptrdiff_t>(mended_through_);
  mended_through_ += count;
  const RecordsQuery query{{first, first + static_cast<std::ptrdiff_t>(count)}, 0};
  with_.to_peer(wire::seal(query, state_.epoch));
}

void Replica::look_up(const RecordsQuery& query) {
  if (query.ids.empty() || query.ids.size() > kMendIds) return;
  with_.journal.find(query.ids, [this, self = std::weak_ptr(self_),
                                 number = query.number](const Result<std::vector<journal::Record>>& found) {
    if (self.expired() || !found || found->empty()) return;
    auto packed = pack(*found);
    with_.to_peer(
        wire::seal(RecordsFound{number, std::move(packed.heads)}, state_.epoch, 0, std::move(packed.bytes)));
  });
}

void Replica::restore(const wire::Envelope& envelope) {
  const auto found = wire::body_of<RecordsFound>(envelope);
  if (!found) return link_.drop(found.error().describe());
  auto records = unpack_offer(found->records, envelope.attachment);
  if (!records) return link_.drop(records.error().describe());
  // Only what was asked for, and is still missing.
  const auto& wanted = with_.journal.wanted();
  std::erase_if(*records, [&](const journal::Record& record) {
    return !record.id || std::find(wanted.begin(), wanted.end(), *record.id) == wanted.end();
  });
  if (records->empty()) return;
  const auto count = records->size();
  with_.journal.restore(std::move(*records), [count](const Result<>& restored) {
    if (restored) {
      spdlog::info("replication: {} damaged messages are back from the other node", count);
    } else {
      spdlog::warn("replication: {}", restored.error().describe());
    }
  });
}

ReplicationHealth Replica::health() const {
  const auto now = with_.loop.clock().now();
  ReplicationHealth health;
  if (feed_.runs()) {
    const auto heard = feed_.heard();
    health.state = heard && now - *heard < kSilence ? ReplicationState::kFed : ReplicationState::kUnheard;
    health.lag_rows = feed_.lag();
    if (health.lag_rows) health.lag = feed_.lag_age();
    return health;
  }
  switch (state_.mode) {
    case Mode::kResting:
    case Mode::kWaiting:
      health.state = ReplicationState::kWaiting;
      break;
    case Mode::kFollowing:
      health.state = ReplicationState::kFollowing;
      break;
    case Mode::kResyncing:
      health.state = ReplicationState::kResyncing;
      break;
  }
  health.lag_rows = lag(state_);
  if (state_.mode == Mode::kFollowing || state_.mode == Mode::kResyncing) health.lag = now - state_.in_line;
  return health;
}

}  // namespace fieldline::replica
