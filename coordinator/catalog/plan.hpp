// What a write would make of a library, its secrets sealed. Pure: runs on a worker over a snapshot.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/secret_box.hpp"
#include "coordinator/catalog/catalog.hpp"

namespace fieldline::catalog {

struct Plan {
  LibraryPointer after;
  std::vector<Applied> applied;  // one for each document of the text, or the one removed
  std::vector<templates::DocumentPointer> written;
  std::vector<templates::DocumentKey> removed;
};

Result<Plan> plan_apply(const LibraryPointer& before, std::string_view text, templates::TextFormat format,
                        const SecretBox& box);
Result<Plan> plan_put(const LibraryPointer& before, const templates::DocumentKey& key, std::string_view text,
                      templates::TextFormat format, const IfMatch& if_match, const SecretBox& box);
Result<Plan> plan_remove(const LibraryPointer& before, const templates::DocumentKey& key,
                         const IfMatch& if_match);

}  // namespace fieldline::catalog
