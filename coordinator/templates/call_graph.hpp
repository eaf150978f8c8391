// Which scripts of a tree call which, by literal names, and where that leads back to its beginning:
// such calls would wait for themselves. Borrows the names. One thread.
#pragma once

#include <map>
#include <string_view>
#include <vector>

namespace fieldline::templates {

struct CallCycle {
  std::vector<std::string_view> scripts;  // from the smallest name around, each once
  int line = 0;                           // in the first, of its call of the next
};

class CallGraph {
 public:
  void add(std::string_view caller, std::string_view callee, int line);
  // At least one for any scripts that call each other, at most kMaxFindings. Asked once.
  std::vector<CallCycle> cycles();

 private:
  struct Call {
    std::string_view callee;
    int line = 0;
  };
  struct Node {
    std::vector<Call> calls;
    std::size_t followed = 0;  // of them
    std::size_t place = 0;     // on the way, from 1
    bool done = false;
  };
  using Nodes = std::map<std::string_view, Node>;
  using Way = std::vector<Nodes::iterator>;  // from caller to callee

  void follow(Nodes::iterator from, std::vector<CallCycle>& found);
  static CallCycle cycle_of(const Way& way, std::size_t first);

  Nodes nodes_;
};

}  // namespace fieldline::templates
