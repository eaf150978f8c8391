// Who knows what each node should hold: told of what it does hold whenever the two may differ.
// Called on the loop.
#pragma once

#include <string>

#include "common/model/session.hpp"
#include "coordinator/sites/node_id.hpp"

namespace fieldline::sites {

class InventoryKeeper {
 public:
  virtual ~InventoryKeeper() = default;

  // wire::digest of what the node is believed to hold.
  [[nodiscard]] virtual std::string believed_digest(const NodeId& node) = 0;
  // The node said HELLO, and holds what is believed.
  virtual void matches(const NodeId& node) = 0;
  // The pages of its inventory are being asked for. What changes from now on may or may not be in it.
  virtual void pulling(const NodeId& node) = 0;
  virtual void pulled(const NodeId& node, Inventory inventory) = 0;
};

}  // namespace fieldline::sites
