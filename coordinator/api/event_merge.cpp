#include "coordinator/api/event_merge.hpp"

#include <algorithm>
#include <utility>

#include "common/model/json.hpp"
#include "coordinator/api/limits.hpp"

namespace fieldline::api {
namespace {

std::int64_t micros(const Event& event) {
  return event.time.time_since_epoch().count();
}

// Logs are in order of time, ids only tell events of one time apart: a clock that was set back gives
// later events an earlier time.
bool is_before(const Event& event, const LogPlace& place) {
  return std::pair(micros(event), event.id) < std::pair(place.time, place.id);
}

void set_before(LogPlace& place, const Event& event) {
  place.time = micros(event);
  place.id = event.id;
}

}  // namespace

std::string write_places(const LogPlaces& places) {
  return places.empty() ? "" : to_json(places).dump();
}

Result<LogPlaces> read_places(std::string_view text) {
  LogPlaces places;
  if (text.empty()) return places;
  const auto json = Json::parse(text, nullptr, false);
  if (!from_json(json, places)) return fail(ErrorCode::kInvalid, "this is no cursor of events");
  return places;
}

EventMerge::EventMerge(const std::vector<std::string>& nodes, const LogPlaces& places, std::size_t limit)
    : limit_(limit) {
  for (const auto& node : nodes) {
    const auto place = places.find(node);
    logs_[node].place = place == places.end() ? LogPlace() : place->second;
  }
}

bool EventMerge::is_over(const Log& log) {
  return log.place.ended && log.waiting.empty();
}

// Steps to the node's next page when this one is used up.
void EventMerge::advance(Log& log) {
  if (!log.fed || !log.waiting.empty() || log.place.ended) return;
  log.place.ended = log.next.empty();
  log.place.page = log.next;
  log.fed = log.place.ended;
}

EventMerge::Log* EventMerge::newest() {
  Log* best = nullptr;
  for (auto& [node, log] : logs_) {
    if (log.waiting.empty()) continue;
    if (best == nullptr || log.waiting.front().time > best->waiting.front().time) best = &log;
  }
  return best;
}

std::vector<EventMerge::Fetch> EventMerge::needed() {
  for (;;) {
    for (auto& [node, log] : logs_) advance(log);
    if (merged_.size() == limit_) return {};
    std::vector<Fetch> missing;
    for (const auto& [node, log] : logs_) {
      if (log.waiting.empty() && !log.place.ended) missing.push_back({node, log.place.page});
    }
    if (!missing.empty()) {
      if (rounds_++ == kEventRounds) return {};
      return missing;
    }
    auto* log = newest();
    if (log == nullptr) return {};
    set_before(log->place, log->waiting.front());
    merged_.push_back(std::move(log->waiting.front()));
    log->waiting.pop_front();
  }
}

void EventMerge::feed(const std::string& node, const EventPage& page) {
  auto& log = logs_.at(node);
  log.fed = true;
  log.next = page.next;
  // From its first page on, what a log gets later is not of this reading.
  if (log.place.id == 0 && !page.events.empty()) {
    set_before(log.place, page.events.front());
    ++log.place.id;
  }
  auto last = log.place;
  for (const auto& event : page.events) {
    if (!is_before(event, last)) continue;
    set_before(last, event);
    log.waiting.push_back(event);
    log.waiting.back().node = node;
  }
}

void EventMerge::give_up(const std::string& node) {
  auto& log = logs_.at(node);
  log.waiting.clear();
  log.place.ended = true;
  log.place.unasked = true;
}

bool EventMerge::was_given_up(const std::string& node) const {
  return logs_.at(node).place.unasked;
}

LogPlaces EventMerge::places() const {
  LogPlaces places;
  for (const auto& [node, log] : logs_) places[node] = log.place;
  const bool over = std::ranges::all_of(logs_, [](const auto& entry) { return is_over(entry.second); });
  return over ? LogPlaces() : places;
}

}  // namespace fieldline::api
