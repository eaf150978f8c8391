// One node of a ReplicationWorld: its disk, and what runs while it is up.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/journal/journal.hpp"
#include "agent/pair/pair.hpp"
#include "agent/replica/replica.hpp"
#include "common/lease/voter.hpp"
#include "tests/sim/replication_world.hpp"
#include "tests/sim/saved_states.hpp"

namespace fieldline::sim {

class ReplicationNode {
 public:
  ReplicationNode(ReplicationWorld& world, std::string name, std::string peer);
  ~ReplicationNode();

  void start();
  void crash();
  [[nodiscard]] bool up() const { return run_ != nullptr; }
  [[nodiscard]] bool may_act() const;
  // A script sends something, if one runs, and perhaps its instance saves a state.
  void send();
  void hear(const lease::Answer& answer);
  void switch_over();
  // In line with what it follows, or followed by what does.
  [[nodiscard]] bool is_settled() const;
  [[nodiscard]] bool follows(const ReplicationNode& other) const;
  [[nodiscard]] bool is_level_with(const ReplicationNode& other) const;
  [[nodiscard]] bool runs() const;
  [[nodiscard]] std::string describe() const;

  // What is on its disk: messages that wait or are parked, and whether one has ended; and states.
  [[nodiscard]] std::vector<MessageId> waiting() const;
  [[nodiscard]] std::vector<MessageId> parked() const;
  [[nodiscard]] std::vector<MessageId> of_endings(const std::vector<MessageId>& ids) const;

  [[nodiscard]] SavedStates::Found states() const;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] unsigned life() const { return life_; }

 private:
  struct Run;
  friend struct Run;

  ReplicationWorld& world_;
  const std::string name_;
  const std::string peer_;
  lease::Vote vote_;
  unsigned life_ = 0;
  std::uint64_t sent_ = 0;
  std::unique_ptr<Run> run_;
};

}  // namespace fieldline::sim
