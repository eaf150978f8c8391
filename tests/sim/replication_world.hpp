// A pair with everything between a script's message and its target: the real journals, outboxes, replicas,
// role machines, duties and lines, each node on a clock of its own; a central voter; targets that take,
// refuse and postpone. In one process, on virtual time, over a lossy network; the same way every time for a
// seed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/pair/role.hpp"
#include "common/base/random.hpp"
#include "common/base/virtual_time.hpp"
#include "common/lease/booth.hpp"
#include "common/lease/votes.hpp"
#include "common/model/message.hpp"
#include "common/net/lossy_network.hpp"
#include "tests/sim/journal_disk.hpp"
#include "tests/sim/saved_states.hpp"

namespace fieldline::sim {

class ReplicationNode;

// What became of one seed.
struct ReplicationReport {
  std::string fault;
  std::uint64_t accepted = 0;
  std::uint64_t takeovers = 0;
  std::uint64_t switches = 0;
  std::uint64_t doubles = 0;
  std::uint64_t disks = 0;
  std::uint64_t excused = 0;
  std::uint64_t saves = 0;
};

class ReplicationWorld {
 public:
  explicit ReplicationWorld(std::uint64_t seed);
  ~ReplicationWorld();

  // Scripts send now and then.
  void run_for(Duration span);
  // Nobody sends anything.
  void wait_for(Duration span);
  [[nodiscard]] bool run_until(const std::function<bool()>& done, Duration limit);
  // What can go wrong, and is undone.
  void mishap();
  // A node comes back with an empty journal, while the other one is up.
  void lose_disk();
  // Everything up, connected and in good weather.
  void mend();
  // One is active, the other one has all that it has, and nothing waits.
  [[nodiscard]] bool settled();
  // The first thing that was not as it must be; empty: all was.
  [[nodiscard]] const std::string& fault() const { return fault_; }
  // Notes what both disks know to have ended.
  void close_ended();
  // Notes what a standby has of the states that the active node saves.
  void note_told();
  // Of the same, once the world is settled.
  void check_states();
  // A planned switch in good weather: it loses nothing, and delivers nothing twice.
  void hand_over();
  // Mends everything, and looks whether all is as it must be.
  [[nodiscard]] ReplicationReport end();

  // A node tells: it accepted, it is about to deliver, the target took it.
  void accepted(const MessageId& id, const ReplicationNode& by);
  void delivers(const MessageId& id, const ReplicationNode& by);
  void delivered(const MessageId& id) { ++arrived_[id]; }
  void begins(const ReplicationNode& node);
  void blame(std::string fault);
  void to_central(ReplicationNode& from, const pair::CentralMessage& message);

  [[nodiscard]] ReplicationNode* active();
  [[nodiscard]] ReplicationNode& other(const ReplicationNode& node);

  VirtualTime time;
  Random random;
  net::LossyNetwork network;
  JournalDisk disk;
  SavedStates states;
  Random state_dice;  // what saves must not move what else happens
  std::uint64_t switches = 0;
  std::uint64_t doubles = 0;
  std::uint64_t takeovers = 0;
  std::uint64_t disks = 0;

 private:
  void start_central();
  void watch();
  [[nodiscard]] std::vector<std::string> lost();

  const std::uint64_t seed_;
  std::unique_ptr<Executor> central_loop_;
  lease::Vote central_vote_;
  std::unique_ptr<lease::MemoryVotes> central_votes_;
  std::unique_ptr<lease::Booth> central_;
  std::set<std::string> cut_from_central_;
  std::unique_ptr<ReplicationNode> a_;
  std::unique_ptr<ReplicationNode> b_;
  std::map<MessageId, std::string> accepted_;  // and by whom
  std::map<MessageId, int> arrived_;
  std::set<MessageId> closed_;   // both disks know that it has ended
  std::set<MessageId> excused_;  // not arrived, and on no disk any more
  std::string fault_;
};

}  // namespace fieldline::sim
