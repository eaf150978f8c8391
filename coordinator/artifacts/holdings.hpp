// What each node holds of artifacts, as it said last since the coordinator started; kept while the node
// is away. Lives on the loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "coordinator/sites/keeper.hpp"

namespace fieldline::artifacts {

class Holdings final : public sites::ArtifactKeeper {
 public:
  // `again` asks the node anew, `changed` is told whenever what a node holds is known, or known anew.
  Holdings(std::function<void(const sites::NodeId&)> again, std::function<void(const sites::NodeId&)> changed)
      : again_(std::move(again)), changed_(std::move(changed)) {}

  [[nodiscard]] std::string believed_digest(const sites::NodeId& node) override;
  void matches(const sites::NodeId& node) override;
  void pulling(const sites::NodeId& node) override;
  void pulled(const sites::NodeId& node, ArtifactInventory items) override;

  // A node reported that it holds these now.
  void stored(const sites::NodeId& node, const ArtifactInventory& items);
  // The node's session ended.
  void offline(const sites::NodeId& node);

  // Null: it never said so. Nodes that hold the same share one list.
  [[nodiscard]] std::shared_ptr<const ArtifactInventory> of(const sites::NodeId& node) const;
  // wire::artifacts_digest of that; empty: it never said so.
  [[nodiscard]] std::string_view digest(const sites::NodeId& node) const;
  // Null unless it has said so in its present session.
  [[nodiscard]] std::shared_ptr<const ArtifactInventory> shown(const sites::NodeId& node) const;
  // Has it said so in its present session? `digest`: wire::artifacts_digest.
  [[nodiscard]] bool holds(const sites::NodeId& node, const std::string& digest) const;

 private:
  struct Held {
    std::string digest;
    bool shown = true;
    std::shared_ptr<const ArtifactInventory> items;
  };

  void set(const sites::NodeId& node, const ArtifactInventory& items);

  std::function<void(const sites::NodeId&)> again_;
  std::function<void(const sites::NodeId&)> changed_;
  std::map<sites::NodeId, Held> held_;
  std::map<sites::NodeId, bool> pulls_;  // those under way; true: the node has reported meanwhile
  std::map<std::string, std::weak_ptr<const ArtifactInventory>> shared_;  // by digest: most hold the same
};

}  // namespace fieldline::artifacts
