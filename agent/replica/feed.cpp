#include "agent/replica/feed.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "agent/replica/limits.hpp"
#include "agent/replica/records.hpp"
#include "common/base/fail_point.hpp"
#include "common/wire/message.hpp"

namespace fieldline::replica {

Feed::Feed(Surroundings with, std::int64_t resync_rate) : with_(std::move(with)), resync_rate_(resync_rate) {}

Feed::~Feed() {
  with_.loop.cancel(page_timer_);
}

template <class Task>
auto Feed::while_running(Task task) {
  return [task = std::move(task), run = std::weak_ptr(run_)](auto&& answer) {
    if (!run.expired()) task(std::forward<decltype(answer)>(answer));
  };
}

void Feed::begin() {
  end();
  runs_ = true;
  run_ = std::make_shared<int>();
  locate();
}

// What comes from now on is streamed; what stands there is asked for.
void Feed::locate() {
  locating_ = true;
  with_.journal.newest(while_running([this](const Result<journal::Place>& newest) {
    locating_ = false;
    if (!newest) return spdlog::error("replication: {}", newest.error().describe());
    published_ = *newest;
    beacon();
    grow();
  }));
}

void Feed::end() {
  runs_ = false;
  run_.reset();
  published_.reset();
  locating_ = reading_ = read_again_ = reading_page_ = false;
  resync_ = {};
  with_.loop.cancel(std::exchange(page_timer_, 0));
  acked_.reset();
  heard_.reset();
  growths_.clear();
}

void Feed::grow() {
  if (!runs_ || !published_) return;
  if (reading_) {
    read_again_ = true;
  } else {
    read();
  }
}

void Feed::read() {
  reading_ = true;
  read_again_ = false;
  with_.journal.records(*published_, while_running([this](const Result<journal::Records>& records) {
    reading_ = false;
    if (!records) return spdlog::error("replication: {}", records.error().describe());
    publish(*records);
    if (read_again_ || *published_ < records->newest) read();
  }));
}

void Feed::publish(const journal::Records& records) {
  grew(records.newest);
  if (records.through == *published_) return;
  fail_point("replica.read");
  auto packed = pack(records.records);
  const RecordBatch batch{
      epoch(),        *published_, with_.journal.journal(), std::move(packed.heads), with_.journal.stream(),
      records.through};
  published_ = records.through;
  with_.publisher.publish(wire::seal(batch, batch.epoch, 0, std::move(packed.bytes)));
  fail_point("replica.published");
}

void Feed::beacon() {
  if (!runs_) return;
  if (!published_) {
    if (!locating_) locate();
    return;
  }
  const RecordBatch batch{epoch(),    *published_, with_.journal.journal(), {}, with_.journal.stream(),
                          *published_};
  with_.publisher.publish(wire::seal(batch, batch.epoch));
  // Also what a read that failed left.
  grow();
}

void Feed::take(const ResyncQuery& query) {
  if (!runs_ || query.after < 0) return;
  auto& resync = resync_;
  if (query.number != resync.number) {
    const auto not_before = resync.not_before;
    resync = {query.number, query.after, 0, {}, false, not_before};
  }
  resync.window = std::min(query.window, kLongestWindow);
  while (!resync.sent.empty() && resync.sent.front() <= query.after) resync.sent.pop_front();
  if (query.journal != with_.journal.journal()) {
    journal::Records another;
    another.gap = true;
    another.through = query.after;
    resync.done = true;
    return send_page(another, query.after);
  }
  serve_pages();
}

void Feed::serve_pages() {
  auto& resync = resync_;
  if (!runs_ || reading_page_ || resync.done || resync.sent.size() >= resync.window) return;
  const auto wait = resync.not_before - with_.loop.clock().now();
  if (wait > Duration::zero()) {
    with_.loop.cancel(page_timer_);
    page_timer_ = with_.loop.after(wait, [this] { serve_pages(); });
    return;
  }
  reading_page_ = true;
  with_.journal.records(
      resync.next,
      while_running([this, number = resync.number, from = resync.next](const Result<journal::Records>& page) {
        reading_page_ = false;
        // Asked anew meanwhile, from elsewhere.
        if (number != resync_.number) return serve_pages();
        if (!page) return spdlog::error("replication: {}", page.error().describe());
        send_page(*page, from);
        serve_pages();
      }));
}

void Feed::send_page(const journal::Records& records, journal::Place from) {
  auto& resync = resync_;
  auto packed = pack(records.records);
  const auto bytes = static_cast<std::int64_t>(packed.bytes.size() + 64 * packed.heads.size());
  ResyncPage page{epoch(),
                  from,
                  records.gap,
                  with_.journal.journal(),
                  records.newest,
                  resync.number,
                  std::move(packed.heads),
                  with_.journal.stream(),
                  std::max(from, records.through)};
  resync.next = page.through;
  resync.done = records.gap || records.through >= records.newest;
  resync.sent.push_back(page.through);
  const auto now = with_.loop.clock().now();
  resync.not_before =
      std::max(resync.not_before, now) + Duration(bytes * Duration::period::den / resync_rate_);
  with_.to_peer(wire::seal(page, page.epoch, 0, std::move(packed.bytes)));
  fail_point("replica.paged");
}

void Feed::take(const ReplicaAck& ack) {
  if (!runs_) return;
  if (ack.journal.empty() || ack.journal.size() > kLongestName) return;
  if (ack.of != with_.journal.journal() || !published_ || ack.place < 0 || ack.place > *published_) return;
  heard_ = with_.loop.clock().now();
  acked_ = std::max(acked_.value_or(0), ack.place);
  while (!growths_.empty() && growths_.front().first <= *acked_) growths_.pop_front();
  with_.journal.acked(ack.journal, ack.place, ack.level);
  if (ack.level > 0 && level_) level_(ack.journal);
  fail_point("replica.acked");
}

void Feed::take(const TailOffer& offer, std::string_view bytes) {
  if (!runs_) return;
  auto records = unpack_offer(offer.records, bytes);
  if (!records) return spdlog::warn("replication: an offer dropped: {}", records.error().describe());
  const auto count = records->size();
  with_.journal.adopt(
      std::move(*records),
      while_running([this, number = offer.number, count](const Result<std::vector<journal::Fate>>& fates) {
        if (!fates) return spdlog::error("replication: {}", fates.error().describe());
        fail_point("replica.adopted");
        TailFates answer{{}, number};
        for (const auto fate : *fates) answer.fates.push_back(static_cast<MessageFate>(fate));
        if (count > 0)
          spdlog::info("replication: {} messages or endings of the other node taken or known", count);
        with_.to_peer(wire::seal(answer, epoch()));
      }));
}

void Feed::grew(journal::Place newest) {
  if (acked_ && newest <= *acked_) return;
  if (!growths_.empty() && growths_.back().first >= newest) return;
  // Where there are many, every second one tells the age closely enough.
  if (growths_.size() >= kGrowths) {
    std::deque<std::pair<journal::Place, Instant>> half;
    for (std::size_t i = 0; i < growths_.size(); i += 2) half.push_back(growths_[i]);
    growths_ = std::move(half);
  }
  growths_.emplace_back(newest, with_.loop.clock().now());
}

std::optional<std::int64_t> Feed::lag() const {
  if (!published_ || !acked_) return std::nullopt;
  return std::max<std::int64_t>(*published_ - *acked_, 0);
}

Duration Feed::lag_age() const {
  return growths_.empty() ? Duration{} : with_.loop.clock().now() - growths_.front().second;
}

}  // namespace fieldline::replica
