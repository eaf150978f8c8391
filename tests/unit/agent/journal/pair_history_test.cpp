// Random histories of a pair's journals against what was answered: nothing accepted is lost, and what a node
// has ended never waits there again.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "common/base/random.hpp"
#include "tests/seeds.hpp"
#include "tests/unit/agent/journal/journal_pair.hpp"

namespace fieldline::journal {
namespace {

class History {
 public:
  explicit History(std::uint64_t seed) : random_(seed) { active().become_active(++epoch_); }

  void step() {
    switch (random_.below(14)) {
      case 0:
      case 1:
      case 2:
        return accept();
      case 3:
        return end();
      case 4:
        return park();
      case 5:
        return retry();
      case 6:
      case 7:
        return follow_some();
      case 8:
        return fail_over();
      case 9:
        return nodes_[random_.below(2)].restart();
      case 10:
        return meet();
      case 11:
      case 12:
        return keep();
      default:
        return prune_or_replace();
    }
  }

  // Both have the same, and every message is live on both or has ended.
  void finish() {
    meet();
    REQUIRE(waiting_at(active()) == waiting_at(standby()));
    REQUIRE(parked_at(active()) == parked_at(standby()));
    std::set<MessageId> live;
    for (const auto& id : waiting_at(active())) live.insert(id);
    for (const auto& id : parked_at(active())) live.insert(id);
    for (const auto& id : accepted_) {
      CAPTURE(id.text());
      REQUIRE((live.contains(id) || ended_.contains(id)));
      if (over_.contains(id)) REQUIRE_FALSE(live.contains(id));
    }
    for (auto& node : nodes_) {
      node.check_counts();
      const auto left = *node.answer_of<Records>([&](auto done) { node.journal().unshared(0, done); });
      if (&node == &standby()) REQUIRE(left.records.empty());
    }
  }

 private:
  PairNode& active() { return nodes_[active_]; }
  PairNode& standby() { return nodes_[1 - active_]; }

  static std::vector<MessageId> waiting_at(PairNode& node) {
    std::vector<MessageId> ids;
    for (const auto& one : node.waiting()) ids.push_back(one.message.id);
    return ids;
  }
  static std::vector<MessageId> parked_at(PairNode& node) {
    std::vector<MessageId> ids;
    for (const auto& one : node.parked()) ids.push_back(one.id);
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  void accept() { accepted_.push_back(active().accept(std::to_string(accepted_.size())).id); }
  void end() {
    const auto waiting = active().waiting();
    if (waiting.empty()) return;
    const auto id = waiting[random_.below(waiting.size())].message.id;
    CAPTURE(id.text());
    // On this node, with this disk, it had not ended before.
    auto& by = ended_[id];
    REQUIRE_FALSE(by.contains(active_));
    active().deliver(id);
    by.insert(active_);
  }
  void park() {
    const auto waiting = active().waiting();
    if (!waiting.empty()) active().park(waiting[random_.below(waiting.size())].message.id);
  }
  void retry() {
    const auto parked = active().parked();
    if (!parked.empty()) active().retry(parked[random_.below(parked.size())].id);
  }
  // The newest states of the active node are what counts, whatever the other one had.
  void keep() {
    const auto instance = std::to_string(random_.below(3));
    if (random_.below(4) == 0) {
      REQUIRE(active().forget(instance));
      states_[active_][instance].clear();
      return;
    }
    const auto name = "values/" + std::to_string(random_.below(3));
    const auto value = std::to_string(++values_);
    REQUIRE(active().keep(instance, {{name, value}}));
    states_[active_][instance][name] = value;
  }
  void check_states() {
    for (const auto* instance : {"0", "1", "2"}) {
      REQUIRE(active().kept(instance) == states_[active_][instance]);
      REQUIRE(standby().kept(instance) == states_[active_][instance]);
    }
    states_[1 - active_] = states_[active_];
  }
  void follow_some() {
    if (follow(active(), standby(), static_cast<int>(random_.below(3))) && random_.below(2) == 0)
      acknowledge(standby(), active());
  }
  void fail_over() {
    if (random_.below(3) == 0) meet();
    active_ = 1 - active_;
    // What of the last changes came is not known here.
    for (const auto* instance : {"0", "1", "2"}) states_[active_][instance] = active().kept(instance);
    active().become_active(++epoch_);
  }
  // What two nodes do that see each other for long enough.
  void meet() {
    REQUIRE(follow(active(), standby()));
    offer(standby(), active());
    REQUIRE(follow(active(), standby()));
    acknowledge(standby(), active());
    check_states();
    for (auto& [id, by] : ended_) {
      if (!by.empty()) over_.insert(id);
    }
  }
  // A standby's disk is lost; or the marks of what ended.
  void prune_or_replace() {
    if (random_.below(3) > 0) {
      const auto newest = std::to_string(active().records(0).newest);
      active().tamper("DELETE FROM records WHERE shelf IS NULL AND place < " + newest);
      active().tamper("UPDATE node SET pruned = " + newest);
      return;
    }
    meet();
    standby().replace_disk();
    for (auto& [id, by] : ended_) by.erase(1 - active_);
  }

  Random random_;
  VirtualTime time_;
  std::array<PairNode, 2> nodes_{PairNode{time_, "a"}, PairNode{time_, "b"}};
  std::size_t active_ = 0;
  std::uint64_t epoch_ = 2;
  std::vector<MessageId> accepted_;
  std::map<MessageId, std::set<std::size_t>> ended_;  // by which node, as long as its disk is there
  std::set<MessageId> over_;
  std::array<std::map<std::string, KeptStates>, 2> states_;  // at each node, when it was active last
  int values_ = 0;
};

TEST_CASE(
    "whatever happens to a pair, no accepted message is lost, and none comes back that both know ended") {
  const auto [first, last] = seeds(60);
  for (auto seed = first; seed <= last; ++seed) {
    CAPTURE(seed);
    History history(seed);
    for (int i = 0; i < 60; ++i) history.step();
    history.finish();
  }
}

}  // namespace
}  // namespace fieldline::journal
