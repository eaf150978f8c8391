#include "coordinator/artifacts/shelf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "common/base/check.hpp"
#include "common/wire/artifacts.hpp"
#include "common/wire/limits.hpp"
#include "coordinator/templates/site_artifact.hpp"

namespace fieldline::artifacts {
namespace {

Result<wire::SealedArtifact> sealed(const templates::Document& document, const SecretBox& box) {
  const auto artifact = templates::artifact_of(document, box);
  if (!artifact) return fail(artifact.error());
  return wire::seal_artifact(*artifact);
}

std::vector<templates::DocumentPointer> artifacts_of(const templates::Library& library) {
  std::vector<templates::DocumentPointer> all;
  for (std::size_t kind = 0; kind < templates::kDocumentKinds; ++kind) {
    const auto of = static_cast<templates::DocumentKind>(kind);
    if (!templates::is_artifact(of)) continue;
    const auto documents = library.all(of);
    all.insert(all.end(), documents.begin(), documents.end());
  }
  return all;
}

}  // namespace

const ArtifactItem* find_item(const ArtifactInventory& items, std::string_view key) {
  const auto found = std::ranges::lower_bound(items, key, {}, &ArtifactItem::key);
  return found == items.end() || found->key != key ? nullptr : &*found;
}

Result<std::string> package(const Wanted& wanted, const ArtifactInventory& held, const SecretBox& box) {
  std::vector<wire::PackageItem> content;
  content.reserve(wanted.items.size());
  for (std::size_t i = 0; i < wanted.items.size(); ++i) {
    auto& line = content.emplace_back(wire::PackageItem{wanted.items[i], nullptr});
    const auto* has = find_item(held, line.item.key);
    if (has != nullptr && has->revision == line.item.revision) continue;
    auto lacking = sealed(*wanted.documents[i], box);
    if (!lacking) return fail(std::move(lacking.error()));
    line.bytes = std::make_shared<const std::string>(std::move(lacking->bytes));
  }
  return wire::pack_artifacts(content);
}

void Shelf::follow(const templates::Library& library) {
  auto documents = artifacts_of(library);
  if (!wanted_->digest.empty() && documents == seen_) return;
  std::map<std::string, templates::DocumentPointer> by_key;
  for (const auto& document : documents) by_key.emplace(document->key.path(), document);
  seen_ = std::move(documents);
  auto fresh = std::make_shared<Wanted>();
  for (const auto& [key, document] : by_key) add(*fresh, key, document);
  fresh->digest = wire::artifacts_digest(fresh->items);
  wanted_ = std::move(fresh);
}

// A document is immutable: the same one has the same revision and size.
void Shelf::add(Wanted& wanted, const std::string& key, const templates::DocumentPointer& document) const {
  wanted.documents.push_back(document);
  if (const auto* known = find_item(wanted_->items, key)) {
    const auto index = static_cast<std::size_t>(known - wanted_->items.data());
    if (wanted_->documents[index] == document) {
      wanted.items.push_back(*known);
      wanted.sizes.push_back(wanted_->sizes[index]);
      return;
    }
  }
  auto artifact = sealed(*document, box_);
  FIELDLINE_CHECK(artifact);  // its secrets opened at start or were sealed here, and its size was checked
  wanted.items.push_back({key, std::move(artifact->revision)});
  wanted.sizes.push_back(artifact->bytes.size());
}

Result<> Shelf::check_room() const {
  const auto count = wanted_->items.size();
  const auto bytes = std::accumulate(wanted_->sizes.begin(), wanted_->sizes.end(), std::size_t{0});
  if (count <= wire::kMaxArtifacts && bytes <= wire::kMaxArtifactBytes) return {};
  return fail(ErrorCode::kValidationFailed,
              fmt::format("there are {} artifacts of {} bytes, and a site holds at most {} of {} bytes "
                          "altogether: delete what is not needed",
                          count, bytes, wire::kMaxArtifacts, wire::kMaxArtifactBytes));
}

WantedPointer Shelf::just(const ArtifactInventory& items) const {
  auto part = std::make_shared<Wanted>();
  for (const auto& item : items) {
    const auto* known = find_item(wanted_->items, item.key);
    if (known == nullptr || known->revision != item.revision) return nullptr;
    const auto index = static_cast<std::size_t>(known - wanted_->items.data());
    part->documents.push_back(wanted_->documents[index]);
    part->sizes.push_back(wanted_->sizes[index]);
  }
  part->items = items;
  part->digest = wire::artifacts_digest(items);
  return part;
}

}  // namespace fieldline::artifacts
