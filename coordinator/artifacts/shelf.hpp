// What each site should hold by the present documents, and the packages that bring it there. Lives on
// the loop; package() on any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/secret_box.hpp"
#include "common/model/artifact.hpp"
#include "coordinator/templates/library.hpp"

namespace fieldline::artifacts {

struct Wanted {
  ArtifactInventory items;
  std::vector<templates::DocumentPointer> documents;  // one for each item, as are
  std::vector<std::size_t> sizes;                     // bytes that a site keeps of it
  std::string digest;                                 // wire::artifacts_digest of the items
};
using WantedPointer = std::shared_ptr<const Wanted>;

// Null: there is none of that key.
const ArtifactItem* find_item(const ArtifactInventory& items, std::string_view key);

// With the documents of those items that `held` lacks in that revision. kTooLarge; kCorrupt.
Result<std::string> package(const Wanted& wanted, const ArtifactInventory& held, const SecretBox& box);

class Shelf {
 public:
  explicit Shelf(const SecretBox& box) : box_(box) {}

  void follow(const templates::Library& library);
  // kValidationFailed: it is more than a site holds.
  [[nodiscard]] Result<> check_room() const;
  [[nodiscard]] const WantedPointer& wanted() const { return wanted_; }
  // As much as `items`, where the present documents still have all of it in these revisions; else null.
  [[nodiscard]] WantedPointer just(const ArtifactInventory& items) const;

 private:
  void add(Wanted& wanted, const std::string& key, const templates::DocumentPointer& document) const;

  const SecretBox& box_;
  std::vector<templates::DocumentPointer> seen_;
  WantedPointer wanted_ = std::make_shared<const Wanted>();
};

}  // namespace fieldline::artifacts
