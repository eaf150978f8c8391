// Artifacts as bytes. The revision of one is the BLAKE2b-256 of exactly the bytes that travel, its
// secrets included; a receiver hashes what it received. A package is what one order brings: the manifest
// of all that a site shall hold, and those documents that the node lacks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/model/artifact.hpp"

namespace fieldline::wire {

struct SealedArtifact {
  std::string bytes;
  Revision revision;
};

// kTooLarge over kMaxArtifact.
Result<SealedArtifact> seal_artifact(const Artifact& artifact);
// Hash, decode as the kind that `key` says, and check. kCorrupt when `bytes` do not have the revision of
// `item`; kInvalid for the rest. No error bears anything of the content.
Result<Artifact> open_artifact(const ArtifactItem& item, std::string_view bytes);

// One line of a manifest, and its document where the node lacks it.
struct PackageItem {
  ArtifactItem item;
  std::shared_ptr<const std::string> bytes;  // none: the node has it
};

// `items` strictly sorted by key. kTooLarge over kMaxArtifacts or kMaxPackage.
Result<std::string> pack_artifacts(const std::vector<PackageItem>& items);
// kCorrupt when `bytes` do not have `revision`; kTooLarge; kInvalid: not a package, a key or a revision
// that is none, not sorted. The documents' own hashes are open_artifact's.
Result<std::vector<PackageItem>> unpack_artifacts(std::string_view bytes, const Revision& revision);

// What two sides compare before they compare the artifacts of a node item by item.
std::string artifacts_digest(const ArtifactInventory& inventory);

}  // namespace fieldline::wire
