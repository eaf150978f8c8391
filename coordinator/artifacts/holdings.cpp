#include "coordinator/artifacts/holdings.hpp"

#include <utility>

#include "common/wire/artifacts.hpp"

namespace fieldline::artifacts {

std::string Holdings::believed_digest(const sites::NodeId& node) {
  const auto found = held_.find(node);
  return found == held_.end() ? std::string() : found->second.digest;
}

void Holdings::matches(const sites::NodeId& node) {
  held_.at(node).shown = true;
  changed_(node);
}

void Holdings::offline(const sites::NodeId& node) {
  pulls_.erase(node);
  if (const auto found = held_.find(node); found != held_.end()) found->second.shown = false;
}

void Holdings::pulling(const sites::NodeId& node) {
  pulls_[node] = false;
}

void Holdings::pulled(const sites::NodeId& node, ArtifactInventory items) {
  const auto pull = pulls_.extract(node);
  // The pages may be from before that report, or in part.
  if (!pull.empty() && pull.mapped()) return again_(node);
  set(node, items);
}

void Holdings::stored(const sites::NodeId& node, const ArtifactInventory& items) {
  if (const auto pull = pulls_.find(node); pull != pulls_.end()) pull->second = true;
  set(node, items);
}

std::shared_ptr<const ArtifactInventory> Holdings::of(const sites::NodeId& node) const {
  const auto found = held_.find(node);
  return found == held_.end() ? nullptr : found->second.items;
}

std::string_view Holdings::digest(const sites::NodeId& node) const {
  const auto found = held_.find(node);
  return found == held_.end() ? std::string_view() : found->second.digest;
}

std::shared_ptr<const ArtifactInventory> Holdings::shown(const sites::NodeId& node) const {
  const auto found = held_.find(node);
  return found == held_.end() || !found->second.shown ? nullptr : found->second.items;
}

bool Holdings::holds(const sites::NodeId& node, const std::string& digest) const {
  const auto found = held_.find(node);
  return found != held_.end() && found->second.shown && found->second.digest == digest;
}

void Holdings::set(const sites::NodeId& node, const ArtifactInventory& items) {
  auto digest = wire::artifacts_digest(items);
  auto& slot = shared_[digest];
  auto same = slot.lock();
  if (!same) slot = same = std::make_shared<const ArtifactInventory>(items);
  held_.insert_or_assign(node, Held{std::move(digest), true, std::move(same)});
  if (shared_.size() > held_.size() + 1)
    std::erase_if(shared_, [](const auto& item) { return item.second.expired(); });
  changed_(node);
}

}  // namespace fieldline::artifacts
