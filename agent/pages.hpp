// Cuts a sorted list into pages of one message each. The cursor of a page is the key of the last item
// of the page before, so it stays right while items come and go.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/wire/codec.hpp"
#include "common/wire/limits.hpp"

namespace fieldline::agent {

// The items after `cursor` that fit a page of kMaxChunk bytes, one at least, and the cursor of the next
// page; empty: the end. `items` are sorted by key(item).
template <class Item, class Key>
std::pair<std::vector<Item>, std::string> page_of(const std::vector<Item>& items, const std::string& cursor,
                                                  Key key) {
  auto at = cursor.empty() ? items.begin()
                           : std::partition_point(items.begin(), items.end(),
                                                  [&](const Item& item) { return key(item) <= cursor; });
  std::vector<Item> page;
  std::size_t bytes = 0;
  for (; at != items.end(); ++at) {
    bytes += wire::encode(*at).size();
    if (bytes > wire::kMaxChunk && !page.empty()) break;
    page.push_back(*at);
  }
  return {page, at == items.end() ? "" : key(page.back())};
}

}  // namespace fieldline::agent
