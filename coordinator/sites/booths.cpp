#include "coordinator/sites/booths.hpp"

#include <utility>

#include "common/lease/timers.hpp"

namespace fieldline::sites {

Result<> Booths::load() {
  auto kept = rows_.all();
  if (!kept) return fail(std::move(kept.error()));
  kept_ = std::move(*kept);
  return {};
}

void Booths::define(const std::set<NodeId>& nodes) {
  for (const auto& node : nodes) {
    const auto [entry, fresh] = stations_.try_emplace(node.site);
    if (!fresh) continue;
    const auto kept = kept_.find(node.site);
    auto& [votes, booth] = entry->second;
    votes = rows_.of(node.site, loop_);
    booth = std::make_unique<lease::Booth>(
        loop_.clock(), *votes, kept == kept_.end() ? lease::Vote{} : kept->second, lease::Timers{}.lease);
  }
}

void Booths::ask(const NodeId& node, const VoteRequest& request, lease::Booth::Reply reply) {
  if (const auto found = stations_.find(node.site); found != stations_.end())
    found->second.booth->ask({node.node, request}, std::move(reply));
}

void Booths::release(const NodeId& node, const LeaseRelease& release) {
  if (const auto found = stations_.find(node.site); found != stations_.end())
    found->second.booth->release(node.node, release.epoch);
}

}  // namespace fieldline::sites
