// Asks nodes for all that they hold, page by page, one page at a time. Refuses inventories that are
// not sorted, not well-formed or without end. Lives on the loop.
#pragma once

#include <map>
#include <string>

#include "common/base/executor.hpp"
#include "common/model/session.hpp"
#include "coordinator/sites/inventory_keeper.hpp"
#include "coordinator/sites/node_id.hpp"
#include "coordinator/sites/questions.hpp"

namespace fieldline::sites {

class InventoryPulls {
 public:
  InventoryPulls(Executor& loop, Questions& questions) : loop_(loop), questions_(questions) {}

  void set_keeper(InventoryKeeper& keeper) { keeper_ = &keeper; }

  // One that is under way begins again when it is through: what it has read may be old by now.
  void begin(const NodeId& node);
  void close(const NodeId& node);

 private:
  struct Pull {
    Inventory read;
    bool again = false;
    Executor::TimerId retry = 0;
  };

  void start(const NodeId& node);
  void ask(const NodeId& node, const std::string& cursor);
  void take(const NodeId& node, InventoryPage page);
  void finish(const NodeId& node);
  void give_up(const NodeId& node, const Error& error);

  Executor& loop_;
  Questions& questions_;
  InventoryKeeper* keeper_ = nullptr;
  std::map<NodeId, Pull> pulls_;
};

}  // namespace fieldline::sites
