#include "coordinator/sites/inventory_pulls.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "common/model/names.hpp"
#include "coordinator/sites/limits.hpp"

namespace fieldline::sites {
namespace {

bool is_revision(const Revision& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// Adds `page` to what has been read.
Result<> append(Inventory& read, InventoryPage page) {
  if (page.items.empty() && !page.next.empty()) return fail(ErrorCode::kInvalid, "an empty page, and more");
  if (read.size() + page.items.size() > kMaxInventory)
    return fail(ErrorCode::kTooLarge, fmt::format("more than {} instances", kMaxInventory));
  for (auto& item : page.items) {
    if (!is_name(item.instance) || !is_revision(item.revision))
      return fail(ErrorCode::kInvalid, "an item that is no instance and revision");
    if (!read.empty() && read.back().instance >= item.instance)
      return fail(ErrorCode::kInvalid, "items that are not sorted");
    read.push_back(std::move(item));
  }
  return {};
}

}  // namespace

void InventoryPulls::begin(const NodeId& node) {
  const auto [pull, fresh] = pulls_.try_emplace(node);
  if (!fresh && pull->second.retry == 0) {
    pull->second.again = true;
    return;
  }
  loop_.cancel(std::exchange(pull->second.retry, 0));
  start(node);
}

void InventoryPulls::close(const NodeId& node) {
  const auto closed = pulls_.extract(node);
  if (!closed.empty()) loop_.cancel(closed.mapped().retry);
}

void InventoryPulls::start(const NodeId& node) {
  pulls_[node] = {};
  keeper_->pulling(node);
  ask(node, {});
}

void InventoryPulls::ask(const NodeId& node, const std::string& cursor) {
  questions_.ask<InventoryPage>(node, InventoryQuery{cursor}, [this, node](Result<InventoryPage> page) {
    if (!pulls_.contains(node)) return;
    if (!page) return give_up(node, page.error());
    take(node, std::move(*page));
  });
}

void InventoryPulls::take(const NodeId& node, InventoryPage page) {
  auto next = page.next;
  if (auto added = append(pulls_[node].read, std::move(page)); !added) return give_up(node, added.error());
  if (next.empty()) return finish(node);
  ask(node, next);
}

void InventoryPulls::finish(const NodeId& node) {
  if (pulls_[node].again) return start(node);
  auto pull = std::move(pulls_.extract(node).mapped());
  keeper_->pulled(node, std::move(pull.read));
}

void InventoryPulls::give_up(const NodeId& node, const Error& error) {
  spdlog::warn("the inventory of {} can't be read: {}", node.text(), error.describe());
  auto& pull = pulls_[node];
  pull = {};
  pull.retry = loop_.after(kPullAgain, [this, node] {
    pulls_[node].retry = 0;
    start(node);
  });
}

}  // namespace fieldline::sites
