#include "agent/outbox/outbox.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "agent/journal/limits.hpp"
#include "agent/outbox/limits.hpp"
#include "agent/outbox/sound.hpp"
#include "common/base/check.hpp"
#include "common/base/fail_point.hpp"

namespace fieldline::outbox {

Outbox::Post::Post(const Lane::Around& around, const std::string& target, const journal::LaneCount& found)
    : lane(around, target, found) {
  counts.bytes = found.bytes + found.parked_bytes;
  counts.waiting = found.messages;
  counts.parked = found.parked;
}

Outbox::Outbox(Surroundings surroundings, const Caps& caps)
    : surroundings_(std::move(surroundings)),
      caps_(caps),
      around_(around()),
      notices_(surroundings_.loop, surroundings_.log),
      self_(std::make_shared<Outbox*>(this)) {
  for (const auto& [target, found] : surroundings_.journal.found()) {
    posts_.try_emplace(target, around_, target, found);
  }
  surroundings_.journal.on_lanes([this](const journal::LaneChanges& changes) { changed(changes); });
}

Outbox::~Outbox() {
  surroundings_.journal.on_lanes(nullptr);
  for (auto timer : {mark_timer_, stop_timer_}) surroundings_.loop.cancel(timer);
}

Lane::Around Outbox::around() {
  Lane::Around around{surroundings_.loop, surroundings_.journal, surroundings_.courier,
                      surroundings_.patience, surroundings_.may_act};
  around.may_deliver = [this] {
    const bool may = unmarked_.size() + marks_under_way_ < kUnmarked;
    lanes_wait_for_marks_ = lanes_wait_for_marks_ || !may;
    return may;
  };
  around.delivered = [this](Lane& lane, const journal::Waiting& message, const targets::Delivered& end) {
    delivered(post_of(lane.target()), message, end);
  };
  around.parked = [this](Lane& lane, const journal::Waiting& message, const std::string& reason) {
    parked(post_of(lane.target()), message, reason);
  };
  around.damaged = [this](Lane& lane, const journal::Window::Damaged& row) {
    damaged(post_of(lane.target()), row);
  };
  around.struggling = [this](Lane& lane, const std::string& reason) {
    post_of(lane.target()).counts.last_error = reason;
    notices_.say(Notice::kStruggling, lane.target(), "a delivery failed and will be repeated: " + reason);
  };
  around.blocked = [this](Lane& lane, const journal::Waiting& message, const std::string& reason) {
    post_of(lane.target()).counts.last_error = reason;
    notices_.say(Notice::kBlocked, lane.target(),
                 fmt::format("message {} of {} blocks those after it: {}", message.message.id.text(),
                             message.message.instance, reason));
  };
  around.rested = [this] { tell_if_stopped(); };
  around.recovered = [this](Lane& lane, std::int64_t attempts) {
    post_of(lane.target()).counts.last_error.clear();
    notices_.say(Notice::kRecovered, lane.target(), fmt::format("delivers again, at attempt {}", attempts));
  };
  return around;
}

Outbox::Post& Outbox::post_of(const std::string& target) {
  const auto [post, is_new] = posts_.try_emplace(target, around_, target, journal::LaneCount{});
  if (is_new && running_) post->second.lane.start();
  return post->second;
}

// By records of the other node.
void Outbox::changed(const journal::LaneChanges& changes) {
  for (const auto& [target, change] : changes) {
    auto& post = post_of(target);
    post.counts.bytes += change.bytes + change.parked_bytes;
    post.counts.waiting += change.messages;
    post.counts.parked += change.parked;
    warn(post);
    post.lane.changed(change);
  }
}

void Outbox::start() {
  FIELDLINE_DCHECK(surroundings_.loop.here());
  running_ = true;
  tell_stopped();
  for (auto& [target, post] : posts_) post.lane.start();
}

void Outbox::stop(Duration patience, std::function<void()> done) {
  auto& loop = surroundings_.loop;
  running_ = false;
  stopped_.push_back(std::move(done));
  for (auto& [target, post] : posts_) post.lane.end();
  const auto due = loop.clock().now() + patience;
  if (stop_timer_ == 0 || due < stop_due_) {
    loop.cancel(stop_timer_);
    stop_due_ = due;
    stop_timer_ = loop.after(patience, [this] {
      for (auto& [target, post] : posts_) post.lane.stop();
      tell_stopped();
    });
  }
  write_marks();
  surroundings_.loop.post([this, self = std::weak_ptr(self_)] {
    if (!self.expired()) tell_if_stopped();
  });
}

void Outbox::tell_if_stopped() {
  const auto busy = [](const auto& post) { return post.second.lane.is_busy(); };
  if (stopped_.empty() || !unmarked_.empty() || marks_under_way_ > 0) return;
  if (std::none_of(posts_.begin(), posts_.end(), busy)) tell_stopped();
}

void Outbox::tell_stopped() {
  surroundings_.loop.cancel(std::exchange(stop_timer_, 0));
  for (const auto& tell : std::exchange(stopped_, {})) tell();
}

void Outbox::accept(Message message, Done<MessageId> done) {
  FIELDLINE_DCHECK(surroundings_.loop.here());
  const auto refuse = [&](Error error) {
    surroundings_.loop.post([done, error = std::move(error)] { done(fail(error)); });
  };
  if (message.accepted == Timestamp{}) message.accepted = surroundings_.loop.clock().utc();
  if (auto sound = check(message); !sound) return refuse(std::move(sound.error()));
  const auto size = static_cast<std::int64_t>(size_of(message));
  auto& post = post_of(message.target);
  if (auto room = check_caps(post, size); !room) return refuse(std::move(room.error()));
  post.counts.bytes += size;
  surroundings_.journal.accept(message, [this, &post, size, at = message.accepted,
                                         done = std::move(done)](Result<journal::Accepted> kept) {
    post.counts.bytes -= size;
    if (!kept) return done(fail(std::move(kept.error())));
    fail_point("outbox.accepted");
    accepted(post, at, *kept);
    done(std::move(kept->id));
  });
}

void Outbox::accepted(Post& post, Timestamp at, const journal::Accepted& kept) {
  post.counts.bytes += kept.bytes;
  ++post.counts.waiting;
  warn(post);
  post.lane.arrived(kept.place, at);
}

Result<> Outbox::check_caps(Post& post, std::int64_t bytes) {
  const auto& target = post.lane.target();
  const auto full = [&](const std::string& why) {
    post.counts.refused = true;
    notices_.say(Notice::kFull, target, "refuses messages: " + why);
    return fail(ErrorCode::kExhausted, fmt::format("the outbox for {} is full: {}", target, why),
                "outbox-full");
  };
  if (disk_free() < kReservedDisk) return full("the disk is");
  const auto over = post.counts.bytes + bytes - caps_.bytes;
  const auto oldest = post.lane.oldest();
  const bool is_old = oldest != Timestamp{} && surroundings_.loop.clock().utc() - oldest >
                                                   std::chrono::duration_cast<Duration>(caps_.age);
  post.counts.refused = false;
  if (over <= 0 && !is_old) return {};
  // What is dropped is gone a moment later; until then a tenth more is let in.
  if (caps_.drop_oldest && over <= caps_.bytes / 10) {
    drop_surplus(post, std::max<std::int64_t>(over, 0));
    return {};
  }
  if (over > 0) return full(fmt::format("it holds {} bytes of {}", post.counts.bytes, caps_.bytes));
  return full(fmt::format("its oldest message is older than {}", format_duration(caps_.age)));
}

std::int64_t Outbox::disk_free() {
  const auto now = surroundings_.loop.clock().now();
  if (!disk_checked_ || now - *disk_checked_ >= kDiskCheck) {
    disk_free_ = surroundings_.disk_free();
    disk_checked_ = now;
  }
  return disk_free_;
}

void Outbox::warn(Post& post) {
  auto& counts = post.counts;
  const auto percent = counts.bytes * 100 / caps_.bytes;
  if (percent < kCalmPercent) counts.warned = counts.refused = false;
  if (percent < kWarnPercent || std::exchange(counts.warned, true)) return;
  notices_.say(
      Notice::kNearlyFull, post.lane.target(),
      fmt::format("{} % full: {} messages wait and {} are parked", percent, counts.waiting, counts.parked));
}

void Outbox::drop_surplus(Post& post, std::int64_t bytes) {
  if (post.lane.is_held()) return;
  post.lane.hold();
  const auto before = surroundings_.loop.clock().utc() - std::chrono::duration_cast<Duration>(caps_.age);
  surroundings_.journal.drop(
      post.lane.target(), post.lane.begun(), bytes, before,
      [this, &post](const Result<journal::Moved>& dropped) {
        post.lane.resume(dropped ? dropped->newest : 0);
        if (!dropped) {
          spdlog::error("{} could not be relieved: {}", post.lane.target(), dropped.error().describe());
          return;
        }
        if (dropped->messages == 0) return;
        post.counts.bytes -= dropped->bytes;
        post.counts.waiting -= dropped->messages;
        notices_.say(Notice::kDropped, post.lane.target(),
                     fmt::format("full: the {} oldest messages were dropped", dropped->messages),
                     dropped->messages);
      });
}

void Outbox::delivered(Post& post, const journal::Waiting& message, const targets::Delivered& end) {
  if (!end.but.empty())
    notices_.say(Notice::kInPart, post.lane.target(),
                 fmt::format("message {} of {} was delivered, but {}", message.message.id.text(),
                             message.message.instance, end.but));
  unmarked_.push_back({{message.place, message.message.id, journal::Ending::kDelivered,
                        surroundings_.loop.clock().utc(), end.detail},
                       &post,
                       message.bytes});
  if (unmarked_.size() >= kMarksAtOnce || !stopped_.empty()) return write_marks();
  if (mark_timer_ != 0 || marks_under_way_ > 0) return;
  mark_timer_ = surroundings_.loop.after(kMarkLinger, [this] {
    mark_timer_ = 0;
    write_marks();
  });
}

void Outbox::write_marks() {
  if (unmarked_.empty() || marks_under_way_ > 0) return;
  surroundings_.loop.cancel(std::exchange(mark_timer_, 0));
  const auto count = std::min(unmarked_.size(), journal::kSettleBatch);
  const auto end = unmarked_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<Mark> marks(std::make_move_iterator(unmarked_.begin()), std::make_move_iterator(end));
  unmarked_.erase(unmarked_.begin(), end);
  marks_under_way_ = count;
  std::vector<journal::Settlement> settlements;
  settlements.reserve(count);
  for (const auto& mark : marks) settlements.push_back(mark.settlement);
  surroundings_.journal.settle(
      std::move(settlements),
      [this, marks = std::move(marks)](const Result<>& outcome) { marked(marks, outcome); });
}

void Outbox::marked(const std::vector<Mark>& marks, const Result<>& outcome) {
  marks_under_way_ = 0;
  if (!outcome) {
    spdlog::error("the ends of {} messages could not be written: {}", marks.size(),
                  outcome.error().describe());
    unmarked_.insert(unmarked_.begin(), marks.begin(), marks.end());
    surroundings_.loop.cancel(mark_timer_);
    mark_timer_ = surroundings_.loop.after(kDiskRetry, [this] {
      mark_timer_ = 0;
      write_marks();
    });
    return;
  }
  fail_point("outbox.marked");
  for (const auto& mark : marks) {
    mark.post->counts.bytes -= mark.bytes;
    --mark.post->counts.waiting;
    warn(*mark.post);
  }
  write_marks();
  if (std::exchange(lanes_wait_for_marks_, false)) {
    for (auto& [target, post] : posts_) post.lane.advance();
  }
  tell_if_stopped();
}

void Outbox::parked(Post& post, const journal::Waiting& message, const std::string& reason) {
  --post.counts.waiting;
  ++post.counts.parked;
  post.counts.last_error = reason;
  notices_.say(Notice::kParked, post.lane.target(),
               fmt::format("parked message {} of {}: {}", message.message.id.text(), message.message.instance,
                           reason));
}

void Outbox::damaged(Post& post, const journal::Window::Damaged& row) {
  --post.counts.waiting;
  post.counts.bytes -= row.bytes;
  notices_.say(Notice::kDamaged, post.lane.target(),
               fmt::format("the message at {} is damaged on the disk; it was set aside and is not delivered",
                           row.place));
}

std::vector<TargetStatus> Outbox::status() const {
  std::vector<TargetStatus> all;
  all.reserve(posts_.size());
  for (const auto& [target, post] : posts_) {
    const auto& counts = post.counts;
    const auto patience = surroundings_.patience(target);
    const auto oldest = post.lane.oldest();
    const auto filling = counts.refused  ? Filling::kFull
                         : counts.warned ? Filling::kNearlyFull
                                         : Filling::kNormal;
    all.push_back({post.lane.is_blocked(), counts.bytes, counts.waiting, filling, post.lane.is_delivering(),
                   counts.last_error, oldest == Timestamp{} ? std::nullopt : std::optional(oldest),
                   counts.parked, patience.retry_interval, patience.retry_limit, target});
  }
  return all;
}

void Outbox::decide(const ParkedDecision& decision, Done<Decided> done) {
  const journal::ParkedFilter filter{decision.id, decision.instance, decision.target};
  const auto moved = [this, decision, done = std::move(done)](const Result<journal::MovedPortion>& portion) {
    if (!portion) return done(fail(portion.error()));
    fail_point("outbox.decided");
    done(Decided{decided(decision, portion->moved), portion->next});
  };
  if (decision.decision == Decision::kRetry)
    surroundings_.journal.retry(filter, decision.cursor, moved);
  else
    surroundings_.journal.discard(filter, decision.cursor, "discarded by " + decision.who, moved);
}

std::int64_t Outbox::decided(const ParkedDecision& decision, const std::vector<journal::Moved>& moved) {
  const bool retried = decision.decision == Decision::kRetry;
  std::int64_t count = 0;
  for (const auto& some : moved) {
    auto& post = post_of(some.target);
    count += some.messages;
    post.counts.parked -= some.messages;
    if (retried) {
      post.counts.waiting += some.messages;
      post.lane.arrived(some.newest, surroundings_.loop.clock().utc());
    } else {
      post.counts.bytes -= some.bytes;
    }
    const auto which = decision.id ? fmt::format("the parked message {}", decision.id->text())
                                   : fmt::format("{} parked messages", some.messages);
    notices_.record(some.target,
                    fmt::format("{} {} {}", decision.who, retried ? "retries" : "discarded", which));
  }
  return count;
}

}  // namespace fieldline::outbox
