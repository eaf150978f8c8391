#include "coordinator/sites/pulls.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "common/model/names.hpp"
#include "common/wire/limits.hpp"
#include "coordinator/sites/limits.hpp"

namespace fieldline::sites {
namespace {

bool is_revision(const Revision& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

const std::string& key_of(const InventoryItem& item) {
  return item.instance;
}
const std::string& key_of(const ArtifactItem& item) {
  return item.key;
}

bool is_sound(const InventoryItem& item) {
  return is_name(item.instance) && is_revision(item.revision);
}
bool is_sound(const ArtifactItem& item) {
  return parse_artifact_key(item.key) && is_revision(item.revision);
}

constexpr std::size_t most(const Inventory&) {
  return kMaxInventory;
}
constexpr std::size_t most(const ArtifactInventory&) {
  return wire::kMaxArtifacts;
}

// Adds `page` to what has been read.
template <class Items, class Page>
Result<> append(Items& read, Page page) {
  if (page.items.empty() && !page.next.empty()) return fail(ErrorCode::kInvalid, "an empty page, and more");
  if (read.size() + page.items.size() > most(read))
    return fail(ErrorCode::kTooLarge, fmt::format("more than {} items", most(read)));
  for (auto& item : page.items) {
    if (!is_sound(item)) return fail(ErrorCode::kInvalid, "an item that is no name and revision");
    if (!read.empty() && key_of(read.back()) >= key_of(item))
      return fail(ErrorCode::kInvalid, "items that are not sorted");
    read.push_back(std::move(item));
  }
  return {};
}

}  // namespace

template <class Items, class Query, class Page>
void Pulls<Items, Query, Page>::begin(const NodeId& node) {
  const auto [pull, fresh] = pulls_.try_emplace(node);
  if (!fresh && pull->second.retry == 0) {
    pull->second.again = true;
    return;
  }
  loop_.cancel(std::exchange(pull->second.retry, 0));
  start(node);
}

template <class Items, class Query, class Page>
void Pulls<Items, Query, Page>::close(const NodeId& node) {
  const auto closed = pulls_.extract(node);
  if (!closed.empty()) loop_.cancel(closed.mapped().retry);
}

template <class Items, class Query, class Page>
void Pulls<Items, Query, Page>::start(const NodeId& node) {
  pulls_[node] = {};
  keeper_->pulling(node);
  ask(node, {});
}

template <class Items, class Query, class Page>
void Pulls<Items, Query, Page>::ask(const NodeId& node, const std::string& cursor) {
  questions_.ask<Page>(node, Query{cursor}, [this, node](Result<Page> page) {
    if (!pulls_.contains(node)) return;
    if (!page) return give_up(node, page.error());
    take(node, std::move(*page));
  });
}

template <class Items, class Query, class Page>
void Pulls<Items, Query, Page>::take(const NodeId& node, Page page) {
  auto next = page.next;
  if (auto added = append(pulls_[node].read, std::move(page)); !added) return give_up(node, added.error());
  if (next.empty()) return finish(node);
  ask(node, next);
}

template <class Items, class Query, class Page>
void Pulls<Items, Query, Page>::finish(const NodeId& node) {
  if (pulls_[node].again) return start(node);
  auto pull = std::move(pulls_.extract(node).mapped());
  keeper_->pulled(node, std::move(pull.read));
}

template <class Items, class Query, class Page>
void Pulls<Items, Query, Page>::give_up(const NodeId& node, const Error& error) {
  spdlog::warn("what {} holds can't be read: {}", node.text(), error.describe());
  auto& pull = pulls_[node];
  pull = {};
  pull.retry = loop_.after(kPullAgain, [this, node] {
    pulls_[node].retry = 0;
    start(node);
  });
}

template class Pulls<Inventory, InventoryQuery, InventoryPage>;
template class Pulls<ArtifactInventory, ArtifactsQuery, ArtifactsPage>;

}  // namespace fieldline::sites
