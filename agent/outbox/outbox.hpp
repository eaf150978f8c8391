// Store and forward: keeps what scripts send until its target has it. A message is accepted once it is on the
// disk, and delivered at least once, in order for each target, by the node that is active; a restart goes on
// with everything that was accepted. Refuses what goes over a target's caps. Lives on the agent's loop.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/journal/journal.hpp"
#include "agent/outbox/lane.hpp"
#include "agent/outbox/life.hpp"
#include "agent/outbox/notices.hpp"
#include "agent/targets/courier.hpp"
#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/model/event.hpp"
#include "common/model/message.hpp"
#include "common/model/outbox.hpp"

namespace fieldline::outbox {

// What one target may have waiting and parked.
struct Caps {
  std::int64_t bytes = std::int64_t{1} << 30;
  Duration age = std::chrono::hours(24 * 30);
  bool drop_oldest = false;  // else what comes then is refused
};

// What a person decided about a portion of the parked messages.
struct Decided {
  std::int64_t count = 0;
  std::string next;  // where the next portion begins; empty: there is none
};

class Outbox {
 public:
  template <class T = void>
  using Done = std::function<void(Result<T>)>;

  // All of it outlives the outbox.
  struct Surroundings {
    Executor& loop;
    journal::Journal& journal;
    targets::Courier& courier;
    // Of a target, from its artifact; asked after each attempt that failed.
    std::function<Patience(const std::string& target)> patience;
    // Asked before each delivery: is this node still the one that may?
    std::function<bool()> may_act;
    std::function<void(Event)> log;
    std::function<std::int64_t()> disk_free;  // bytes
  };

  Outbox(Surroundings surroundings, const Caps& caps);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // Answers the id once the message is on the disk. kExhausted with "outbox-full" as `where`: a cap, or the
  // disk; kTooLarge; kInvalid: text that is not UTF-8, or a target that is none.
  void accept(Message message, Done<MessageId> done);

  // This node is active: delivers. Answers a stop that has not ended.
  void start();
  // Begins no delivery, and answers when what was under way has ended and is on the disk, or after
  // `patience`; of several, after the shortest.
  void stop(Duration patience, std::function<void()> done);

  [[nodiscard]] std::vector<TargetStatus> status() const;

  [[nodiscard]] const Caps& caps() const { return caps_; }

  // A person decides about parked messages, a portion of those that match; they are in an event.
  void decide(const ParkedDecision& decision, Done<Decided> done);

 private:
  struct Counts {
    std::int64_t bytes = 0;  // waiting, parked and on their way to the disk
    std::int64_t waiting = 0;
    std::int64_t parked = 0;
    bool warned = false;
    bool refused = false;  // the last message that came
    std::string last_error;
  };
  struct Post {
    Post(const Lane::Around& around, const std::string& target, const journal::LaneCount& found);
    Lane lane;
    Counts counts;
  };
  // A delivered message whose end is to be written.
  struct Mark {
    journal::Settlement settlement;
    Post* post = nullptr;
    std::int64_t bytes = 0;
  };

  Lane::Around around();
  Post& post_of(const std::string& target);
  [[nodiscard]] Result<> check_caps(Post& post, std::int64_t bytes);
  void accepted(Post& post, Timestamp at, const journal::Accepted& kept);
  void warn(Post& post);
  void drop_surplus(Post& post, std::int64_t bytes);
  void delivered(Post& post, const journal::Waiting& message, const targets::Delivered& end);
  void parked(Post& post, const journal::Waiting& message, const std::string& reason);
  void damaged(Post& post, const journal::Window::Damaged& row);
  void changed(const journal::LaneChanges& changes);
  void write_marks();
  void marked(const std::vector<Mark>& marks, const Result<>& outcome);
  std::int64_t decided(const ParkedDecision& decision, const std::vector<journal::Moved>& moved);
  [[nodiscard]] std::int64_t disk_free();
  void tell_if_stopped();
  void tell_stopped();

  const Surroundings surroundings_;
  const Caps caps_;
  const Lane::Around around_;
  Notices notices_;
  std::map<std::string, Post> posts_;
  std::deque<Mark> unmarked_;
  std::size_t marks_under_way_ = 0;
  bool lanes_wait_for_marks_ = false;
  Executor::TimerId mark_timer_ = 0;
  bool running_ = false;
  std::int64_t disk_free_ = 0;
  std::optional<Instant> disk_checked_;
  std::vector<std::function<void()>> stopped_;  // who waits for that
  Instant stop_due_{};
  Executor::TimerId stop_timer_ = 0;
  std::shared_ptr<Outbox*> self_;  // late answers find it gone
};

}  // namespace fieldline::outbox
