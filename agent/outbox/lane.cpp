#include "agent/outbox/lane.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "agent/outbox/limits.hpp"
#include "common/base/check.hpp"
#include "common/base/fail_point.hpp"

namespace fieldline::outbox {

Lane::Lane(const Around& around, std::string target, const journal::LaneCount& found)
    : around_(around),
      target_(std::move(target)),
      newest_(found.newest),
      oldest_(found.oldest),
      self_(std::make_shared<Lane*>(this)) {}

Lane::~Lane() {
  stop();
}

void Lane::start() {
  if (std::exchange(stale_, false)) forget();
  running_ = true;
  advance();
}

void Lane::end() {
  running_ = false;
  if (!is_delivering()) around_.loop.cancel(std::exchange(timer_, 0));
}

void Lane::stop() {
  running_ = false;
  ++attempt_;
  if (auto stepped = step(life_, Interrupted{}, {}, around_.loop.clock().now())) life_ = stepped->next;
  around_.loop.cancel(std::exchange(timer_, 0));
}

void Lane::arrived(journal::Place place, Timestamp accepted) {
  if (window_.empty() && read_through_ >= newest_) oldest_ = accepted;
  newest_ = std::max(newest_, place);
  advance();
}

void Lane::changed(const journal::LaneCount& change) {
  if (running_) {
    read_anew();
    if (change.newest > 0) return arrived(change.newest, change.oldest);
    return advance();
  }
  stale_ = true;
  newest_ = std::max(newest_, change.newest);
  oldest_ = change.oldest;
}

// What has ended at the other node may be in the window. What is under way here ends here.
void Lane::read_anew() {
  ++reads_;
  reading_ = false;
  if (window_.empty()) return;
  const auto front = window_.front().place;
  if (is_delivering() || parking_ || life_.stage == Stage::kParked) {
    window_.erase(std::next(window_.begin()), window_.end());
    read_through_ = front;
    return;
  }
  // It waits for its next attempt, or has had none.
  around_.loop.cancel(std::exchange(timer_, 0));
  life_ = {};
  window_.clear();
  read_through_ = front - 1;
}

// Nothing of it is under way: the lane has been stopped.
void Lane::forget() {
  stop();
  ++view_;
  window_.clear();
  life_ = {};
  read_through_ = 0;
  begun_ = 0;
  reading_ = false;
  parking_ = false;
}

Timestamp Lane::oldest() const {
  if (stale_) return oldest_;
  if (!window_.empty()) return window_.front().message.accepted;
  return read_through_ < newest_ ? oldest_ : Timestamp{};
}

void Lane::advance() {
  if (!running_ || reading_ || parking_ || held_ || timer_ != 0 || is_delivering()) return;
  if (window_.empty()) {
    if (read_through_ < newest_) read();
    return;
  }
  const auto now = around_.loop.clock().now();
  if (life_.stage == Stage::kParked) return park();  // the disk refused it before
  if (life_.stage == Stage::kPausing) {
    if (now < life_.due) return wait(life_.due - now);
    life_ = step(life_, Due{}, {}, now)->next;
  }
  if (!around_.may_deliver()) return;
  if (!around_.may_act()) return wait(kLeaseCheck);
  begin();
}

void Lane::read() {
  reading_ = true;
  around_.journal.window(target_, read_through_,
                         [this, self = std::weak_ptr(self_), newest = newest_, view = view_,
                          read = ++reads_](Result<journal::Window> window) {
                           if (!self.expired() && view == view_ && read == reads_)
                             take(std::move(window), newest);
                         });
}

// `newest` was that of the lane when the window was asked for.
void Lane::take(Result<journal::Window> window, journal::Place newest) {
  reading_ = false;
  if (!window) {
    spdlog::error("messages for {} could not be read: {}", target_, window.error().describe());
    return wait(kDiskRetry);
  }
  for (const auto& damaged : window->damaged) around_.damaged(*this, damaged);
  // Where nothing stands any more nothing needs to be read again.
  const bool is_empty = window->messages.empty() && window->damaged.empty();
  read_through_ = std::max(read_through_, is_empty ? newest : window->through);
  std::move(window->messages.begin(), window->messages.end(), std::back_inserter(window_));
  forget_dropped();  // they may have gone since they were read
  advance();
}

void Lane::begin() {
  const auto& front = window_.front();
  life_ = step(life_, Begin{}, {}, around_.loop.clock().now())->next;
  begun_ = front.place;
  around_.courier.deliver(
      front.message, [this, self = std::weak_ptr(self_), attempt = ++attempt_](targets::Outcome outcome) {
        if (!self.expired() && attempt == attempt_) settle(std::move(outcome));
      });
}

void Lane::settle(targets::Outcome outcome) {
  const auto now = around_.loop.clock().now();
  targets::Delivered delivered;
  if (const auto* end = std::get_if<targets::Delivered>(&outcome)) delivered = *end;
  const auto happening = std::visit([](auto& kind) { return Happening(std::move(kind)); }, outcome);
  const auto stepped = step(life_, happening, around_.patience(target_), now);
  FIELDLINE_CHECK(stepped.has_value());
  apply(*stepped, delivered);
  tell_if_rested();
}

void Lane::tell_if_rested() {
  if (!running_ && !is_busy()) around_.rested();
}

void Lane::apply(const Step& stepped, const targets::Delivered& delivered) {
  const auto attempts = life_.attempts;
  const bool was_blocked = life_.blocked;
  life_ = stepped.next;
  switch (stepped.deed) {
    case Deed::kMark:
      fail_point("outbox.delivered");
      if (attempts > 0) around_.recovered(*this, life_.attempts);
      around_.delivered(*this, window_.front(), delivered);
      return next();
    case Deed::kPark:
      return park();
    default:
      if (life_.blocked && !was_blocked) {
        around_.blocked(*this, window_.front(), life_.reason);
      } else if (attempts == 0) {
        around_.struggling(*this, life_.reason);
      }
      return advance();
  }
}

void Lane::park() {
  parking_ = true;
  around_.journal.park(
      window_.front().place, life_.reason,
      [this, self = std::weak_ptr(self_), view = view_](const Result<journal::Place>& parked) {
        if (self.expired() || view != view_) return;
        parking_ = false;
        after_parking(parked);
        tell_if_rested();
      });
}

void Lane::after_parking(const Result<journal::Place>& parked) {
  const auto& front = window_.front();
  if (!parked && parked.error().code == ErrorCode::kCorrupt) {
    around_.damaged(*this, {front.place, front.bytes});
  } else if (!parked && parked.error().code != ErrorCode::kNotFound) {
    spdlog::error("a message for {} could not be parked: {}", target_, parked.error().describe());
    return wait(kDiskRetry);
  }
  if (parked) around_.parked(*this, front, life_.reason);
  next();
}

void Lane::next() {
  if (window_.size() == 1) oldest_ = window_.front().message.accepted;
  window_.pop_front();
  life_ = {};
  advance();
}

void Lane::resume(journal::Place dropped_through) {
  held_ = false;
  dropped_through_ = std::max(dropped_through_, dropped_through);
  forget_dropped();
  read_through_ = std::max(read_through_, dropped_through);
  advance();
}

void Lane::forget_dropped() {
  std::erase_if(window_, [this](const journal::Waiting& waiting) {
    return waiting.place > begun_ && waiting.place <= dropped_through_;
  });
}

void Lane::wait(Duration duration) {
  timer_ = around_.loop.after(duration, [this] {
    timer_ = 0;
    advance();
  });
}

}  // namespace fieldline::outbox
