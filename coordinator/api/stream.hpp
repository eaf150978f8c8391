// What happens, told to everybody who listens as it happens (Server-Sent Events, WHATWG HTML 9.2). A
// client that comes back gets what it missed from a bounded ring, or `reset` when that no longer has
// it all. Costs next to nothing while nobody listens or is expected back. Lives on the loop.
#pragma once

#include <bitset>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/executor.hpp"
#include "common/model/fields.hpp"
#include "common/model/json.hpp"
#include "coordinator/api/service.hpp"

namespace fieldline::api {

enum class Topic { kDeployment, kNode, kBulk };

}  // namespace fieldline::api

template <>
inline constexpr std::array fieldline::kEnumNames<fieldline::api::Topic> =
    std::to_array<std::string_view>({"deployment", "node", "bulk"});

namespace fieldline::api {

using Topics = std::bitset<kEnumNames<Topic>.size()>;
// "deployment,bulk"; kInvalid names the one that is not there.
Result<Topics> parse_topics(std::string_view list);

class Stream {
 public:
  // `run` is new with each start, so that a client notices that its place in the ring is gone.
  Stream(Executor& loop, std::string run, std::function<void(std::size_t open)> count);

  // `event` is only asked for when somebody may get it.
  void publish(Topic topic, const std::function<Json()>& event);
  // Answers with a stream; `last_event_id` is that of the client, empty for a new one. kExhausted.
  void open(Topics topics, std::string_view last_event_id, const Reply& reply);

 private:
  using Frame = std::shared_ptr<const std::string>;
  struct Entry {
    std::uint64_t number;
    Topic topic;
    Frame frame;
  };
  struct Listener {
    Topics topics;
    std::shared_ptr<Outlet> outlet;
  };

  [[nodiscard]] bool followed() const;
  void beat();
  void tell(const Frame& frame, const std::function<bool(const Listener&)>& concerns);
  void forget_oldest();
  [[nodiscard]] std::string id(std::uint64_t number) const;
  // What comes before new events: where the client is, and what it missed.
  [[nodiscard]] std::string opening(Topics topics, std::string_view last_event_id) const;
  // The number of the last event that the client saw; empty when what followed is not all there.
  [[nodiscard]] std::optional<std::uint64_t> place(std::string_view last_event_id) const;

  Executor& loop_;
  const std::string run_;
  const std::function<void(std::size_t)> count_;
  std::deque<Entry> ring_;
  std::size_t ring_bytes_ = 0;
  std::uint64_t last_ = 0;  // number of the latest event
  std::vector<Listener> listeners_;
  Instant followed_until_{};  // once nobody listens any more
};

}  // namespace fieldline::api
