// Asks nodes for all that they hold, of instances or of artifacts, page by page, one page at a time.
// Refuses lists that are not sorted, not well-formed or without end. Lives on the loop.
#pragma once

#include <map>
#include <string>

#include "common/base/executor.hpp"
#include "common/model/session.hpp"
#include "coordinator/sites/keeper.hpp"
#include "coordinator/sites/node_id.hpp"
#include "coordinator/sites/questions.hpp"

namespace fieldline::sites {

template <class Items, class Query, class Page>
class Pulls {
 public:
  Pulls(Executor& loop, Questions& questions) : loop_(loop), questions_(questions) {}

  void set_keeper(Keeper<Items>& keeper) { keeper_ = &keeper; }
  [[nodiscard]] Keeper<Items>* keeper() const { return keeper_; }

  // One that is under way begins again when it is through: what it has read may be old by now.
  void begin(const NodeId& node);
  void close(const NodeId& node);

 private:
  struct Pull {
    Items read;
    bool again = false;
    Executor::TimerId retry = 0;
  };

  void start(const NodeId& node);
  void ask(const NodeId& node, const std::string& cursor);
  void take(const NodeId& node, Page page);
  void finish(const NodeId& node);
  void give_up(const NodeId& node, const Error& error);

  Executor& loop_;
  Questions& questions_;
  Keeper<Items>* keeper_ = nullptr;
  std::map<NodeId, Pull> pulls_;
};

using InventoryPulls = Pulls<Inventory, InventoryQuery, InventoryPage>;
using ArtifactPulls = Pulls<ArtifactInventory, ArtifactsQuery, ArtifactsPage>;
extern template class Pulls<Inventory, InventoryQuery, InventoryPage>;
extern template class Pulls<ArtifactInventory, ArtifactsQuery, ArtifactsPage>;

}  // namespace fieldline::sites
