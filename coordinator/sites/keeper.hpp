// Who knows what each node should hold, of instances or of artifacts: told of what it does hold
// whenever the two may differ. Called on the loop.
#pragma once

#include <string>

#include "common/model/artifact.hpp"
#include "common/model/session.hpp"
#include "coordinator/sites/node_id.hpp"

namespace fieldline::sites {

template <class Items>
class Keeper {
 public:
  virtual ~Keeper() = default;

  // The digest (common/wire) of what the node is believed to hold.
  [[nodiscard]] virtual std::string believed_digest(const NodeId& node) = 0;
  // The node said HELLO, and holds what is believed.
  virtual void matches(const NodeId& node) = 0;
  // The pages of what it holds are being asked for. What changes from now on may or may not be in them.
  virtual void pulling(const NodeId& node) = 0;
  virtual void pulled(const NodeId& node, Items items) = 0;
};

using InventoryKeeper = Keeper<Inventory>;
using ArtifactKeeper = Keeper<ArtifactInventory>;

}  // namespace fieldline::sites
