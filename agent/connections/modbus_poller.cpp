#include "agent/connections/modbus_poller.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "agent/connections/limits.hpp"
#include "agent/connections/modbus_codec.hpp"

namespace fieldline::connections {

ModbusPoller::ModbusPoller(Duration poll, ModbusLink& link, Switchboard& board, LinkState& state,
                           const Clock& clock, Random random, MayWrite may_write)
    : poll_(poll),
      link_(link),
      board_(board),
      state_(state),
      clock_(clock),
      random_(std::move(random)),
      may_write_(std::move(may_write)) {}

void ModbusPoller::run() {
  due_ = clock_.now();
  while (board_.wait_for(due_ - clock_.now())) {
    if (auto subscribers = board_.changed_subscribers()) adopt(std::move(*subscribers));
    serve_writes();
    if (clock_.now() >= due_) cycle();
  }
  link_.close();
}

void ModbusPoller::adopt(Subscribers subscribers) {
  subscribers_ = std::move(subscribers);
  bound_.clear();
  for (const auto& subscriber : subscribers_) {
    for (const auto& point : subscriber->points) bound_.push_back({subscriber->feed.get(), point});
  }
  make_plan();
  if (backing_off_) {
    mark_all(down_quality_);
    flush();
  } else {
    due_ = std::min(due_, clock_.now() + kGather);
  }
}

void ModbusPoller::make_plan() {
  std::vector<PlannedPoint> points;
  points.reserve(bound_.size());
  for (std::size_t i = 0; i < bound_.size(); ++i) points.push_back({bound_[i].point.address, i});
  plan_ = plan_reads(std::move(points));
  plan_is_split_ = false;
  plan_made_ = clock_.now();
}

void ModbusPoller::serve_writes() {
  while (!board_.is_closed()) {
    auto write = board_.next_write();
    if (!write) return;
    if (backing_off_) {
      write->answer(fail(down_error_));
    } else if (auto ready = link_.ready(); !ready) {
      write->answer(fail(ready.error()));
      go_down(ready.error(), Quality::kBadCommunicationError);
    } else if (!may_write_()) {
      write->answer(fail(not_allowed_to_write()));
    } else if (auto written = link_.write(write->address, write->words); !written) {
      const auto& fault = written.error();
      write->answer(fail(fault.error));
      if (fault.kind == FaultKind::kLost) go_down(fault.error, fault.quality());
    } else {
      write->answer({});
    }
  }
}

void ModbusPoller::cycle() {
  const auto started = clock_.now();
  due_ = started + poll_;
  if (subscribers_.empty()) return;
  backing_off_ = false;
  if (plan_is_split_ && started - plan_made_ >= kSplitLifetime) make_plan();
  if (!ready() || !read_all()) return;
  failures_ = 0;
  state_.up();
  refresh(started);
  flush();
}

bool ModbusPoller::ready() {
  serve_writes();
  if (backing_off_ || board_.is_closed()) return false;
  auto ready = link_.ready();
  if (!ready) go_down(ready.error(), Quality::kBadCommunicationError);
  return ready.has_value();
}

bool ModbusPoller::read_all() {
  bool answered = plan_.empty();
  std::optional<Fault> nonsense;
  for (std::size_t at = 0; at < plan_.size();) {
    if (!ready()) return false;
    auto read = read_next(at);
    if (read || read.error().kind == FaultKind::kRefused) {
      answered = true;
    } else if (read.error().kind == FaultKind::kNonsense) {
      nonsense = std::move(read.error());
    } else {
      go_down(read.error().error, read.error().quality());
      return false;
    }
  }
  if (!answered) go_down(nonsense->error, nonsense->quality());
  return answered;
}

Exchange<> ModbusPoller::read_next(std::size_t& at) {
  const auto& request = plan_[at];
  const auto words = link_.read(request.table, request.first, request.count);
  if (words) {
    deliver(request, *words);
    ++at;
    return {};
  }
  const auto& fault = words.error();
  if (fault.may_split() && split_request(at)) return {};
  mark(request, fault.quality());
  ++at;
  return tl::unexpected(fault);
}

bool ModbusPoller::split_request(std::size_t at) {
  auto halves = split(plan_[at]);
  if (!halves) return false;
  plan_[at] = std::move(halves->first);
  plan_.insert(plan_.begin() + static_cast<std::ptrdiff_t>(at) + 1, std::move(halves->second));
  plan_is_split_ = true;
  return true;
}

void ModbusPoller::deliver(const ReadRequest& request, std::span<const std::uint16_t> words) {
  const auto now = clock_.utc();
  for (const auto& planned : request.points) {
    const auto& [feed, point] = bound_[planned.tag];
    const auto at = static_cast<std::size_t>(point.address.number - request.first);
    auto reading = decode(point.address, point.type, words.subspan(at, point.address.registers()));
    if (reading.quality == Quality::kGood) {
      feed->good(point.index, std::move(reading.value), now);
    } else {
      feed->bad(point.index, reading.quality, now);
    }
  }
}

void ModbusPoller::mark(const ReadRequest& request, Quality quality) {
  const auto now = clock_.utc();
  for (const auto& planned : request.points) {
    const auto& [feed, point] = bound_[planned.tag];
    feed->bad(point.index, quality, now);
  }
}

void ModbusPoller::mark_all(Quality quality) {
  for (const auto& request : plan_) mark(request, quality);
}

void ModbusPoller::go_down(const Error& error, Quality quality) {
  if (board_.is_closed()) return;
  link_.close();
  backing_off_ = true;
  down_error_ = error;
  down_quality_ = quality;
  due_ = clock_.now() + random_.backoff(kReconnectBase, kReconnectCap, failures_++);
  state_.down(error.describe());
  mark_all(quality);
  flush();
}

void ModbusPoller::refresh(Instant now) {
  if (now - refreshed_ < kRefresh) return;
  refreshed_ = now;
  for (const auto& subscriber : subscribers_) subscriber->feed->touch_all();
}

void ModbusPoller::flush() {
  for (const auto& subscriber : subscribers_) subscriber->feed->flush();
}

}  // namespace fieldline::connections
