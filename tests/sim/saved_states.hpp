// What the instances of a pair saved, and so what each node must find on its disk (docs/pair.md): all that it
// saved itself, and what the other one had told it. Where one takes over, what it finds is the truth from
// then on.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace fieldline::sim {

class SavedStates {
 public:
  using Slot = std::pair<std::string, std::string>;  // an instance, and the name of a state
  using Found = std::map<Slot, std::uint64_t>;       // by the number that the save had

  // The number of the next save, or of what forgets an instance.
  std::uint64_t next() { return ++last_; }
  void forgets(const std::string& instance, std::uint64_t number) { forgotten_[instance] = number; }

  // It is on the disk of this node.
  void saved(const std::string& node, const Slot& slot, std::uint64_t number);
  void forgot(const std::string& node, const std::string& instance, std::uint64_t number);
  // This node follows the one that serves, and has these; `has_all`: it says that it has all. Answers what is
  // wrong with them, if anything is.
  [[nodiscard]] std::string told(const std::string& node, const Found& found, bool has_all);
  // A planned switch begins, which loses nothing: who serves next finds all that is saved by then.
  void hand_over() { is_handed_over_ = true; }
  // This node begins to serve with these. Answers what is wrong with them, if anything is.
  [[nodiscard]] std::string begin(const std::string& node, const Found& found);
  void lose_disk(const std::string& node) { known_.erase(node); }

  // Both nodes are in line, and nothing is under way: what is wrong, if anything is.
  [[nodiscard]] std::string at_rest(const std::string& active, const Found& there, const Found& elsewhere);
  [[nodiscard]] std::uint64_t count() const { return last_; }

 private:
  // What a node has for sure. Of an instance that was forgotten it has nothing older than that.
  struct Known {
    Found kept;
    std::map<std::string, std::uint64_t> gone;
  };
  [[nodiscard]] std::string amiss(const Known& known, const Found& found) const;

  std::uint64_t last_ = 0;
  std::string server_;
  bool is_handed_over_ = false;
  std::map<std::string, Known> known_;              // by node
  std::map<std::string, std::uint64_t> forgotten_;  // or about to be
};

}  // namespace fieldline::sim
