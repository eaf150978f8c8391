#include "coordinator/api/stream.hpp"

#include <fmt/format.h>

#include <charconv>

#include "coordinator/api/limits.hpp"

namespace fieldline::api {
namespace {

// How long a client waits before it comes back, in milliseconds.
constexpr int kRetry = 2000;

}  // namespace

Result<Topics> parse_topics(std::string_view list) {
  Topics topics;
  if (list.empty()) return topics.set();
  for (;;) {
    const auto end = std::min(list.find(','), list.size());
    const auto topic = parse_enum<Topic>(list.substr(0, end));
    if (!topic)
      return fail(ErrorCode::kInvalid,
                  fmt::format("there is no topic '{}', only {}", list.substr(0, end),
                              fmt::join(kEnumNames<Topic>, ", ")),
                  "?topics");
    topics.set(static_cast<std::size_t>(*topic));
    if (end == list.size()) return topics;
    list.remove_prefix(end + 1);
  }
}

Stream::Stream(Executor& loop, std::string run, std::function<void(std::size_t)> count)
    : loop_(loop), run_(std::move(run)), count_(std::move(count)) {
  loop_.after(kHeartbeat, [this] { beat(); });
}

std::string Stream::id(std::uint64_t number) const {
  return fmt::format("{}.{}", run_, number);
}

bool Stream::followed() const {
  return !listeners_.empty() || loop_.clock().now() < followed_until_;
}

void Stream::publish(Topic topic, const std::function<Json()>& event) {
  ++last_;
  if (!followed()) {
    ring_.clear();
    ring_bytes_ = 0;
    return;
  }
  const auto frame = std::make_shared<const std::string>(
      fmt::format("id: {}\nevent: {}\ndata: {}\n\n", id(last_), name(topic),
                  event().dump(-1, ' ', false, Json::error_handler_t::replace)));
  ring_.push_back(Entry{last_, topic, frame});
  ring_bytes_ += frame->size();
  forget_oldest();
  tell(frame, [index = static_cast<std::size_t>(topic)](const Listener& listener) {
    return listener.topics.test(index);
  });
}

void Stream::forget_oldest() {
  while (ring_.size() > kRingEvents || ring_bytes_ > kRingBytes) {
    ring_bytes_ -= ring_.front().frame->size();
    ring_.pop_front();
  }
}

void Stream::tell(const Frame& frame, const std::function<bool(const Listener&)>& concerns) {
  const auto gone = std::erase_if(listeners_, [&](const Listener& listener) {
    return concerns(listener) && !listener.outlet->write(frame);
  });
  if (gone == 0) return;
  followed_until_ = loop_.clock().now() + kReturn;
  count_(listeners_.size());
}

void Stream::beat() {
  static const auto kComment = std::make_shared<const std::string>(":\n\n");
  tell(kComment, [](const Listener&) { return true; });
  loop_.after(kHeartbeat, [this] { beat(); });
}

std::optional<std::uint64_t> Stream::place(std::string_view last_event_id) const {
  const auto dot = last_event_id.rfind('.');
  if (dot == std::string_view::npos || last_event_id.substr(0, dot) != run_) return std::nullopt;
  const auto digits = last_event_id.substr(dot + 1);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number > last_) return std::nullopt;
  const auto first_kept = last_ - ring_.size() + 1;
  return number + 1 >= first_kept ? std::optional(number) : std::nullopt;
}

std::string Stream::opening(Topics topics, std::string_view last_event_id) const {
  auto text = fmt::format("retry: {}\n", kRetry);
  const auto seen = last_event_id.empty() ? std::optional(last_) : place(last_event_id);
  if (!seen) {
    // What it knows may be out of date: it should ask for everything anew.
    return text + fmt::format("id: {}\nevent: reset\ndata: {{\"reason\":\"gap-too-old\"}}\n\n", id(last_));
  }
  text += fmt::format("id: {}\n\n", id(*seen));
  for (const auto& entry : ring_) {
    if (entry.number > *seen && topics.test(static_cast<std::size_t>(entry.topic))) text += *entry.frame;
  }
  return text;
}

void Stream::open(Topics topics, std::string_view last_event_id, const Reply& reply) {
  if (listeners_.size() >= kStreams)
    return reply.fail(
        {ErrorCode::kExhausted, "there are as many streams open as the coordinator takes", {}, {}});
  Response head{.status = 200, .content_type = "text/event-stream"};
  head.headers.add("X-Accel-Buffering", "no");
  auto outlet = reply.open(std::move(head));
  if (!outlet || !outlet->write(std::make_shared<const std::string>(opening(topics, last_event_id)))) return;
  listeners_.push_back({topics, std::move(outlet)});
  count_(listeners_.size());
}

}  // namespace fieldline::api
