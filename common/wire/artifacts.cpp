#include "common/wire/artifacts.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "common/base/hash.hpp"
#include "common/wire/codec.hpp"
#include "common/wire/limits.hpp"

namespace fieldline::wire {
namespace {

struct ManifestItem {
  std::string key;
  Revision revision;
  std::uint64_t size = 0;  // of its document in this package; 0: it is not part of it

  static constexpr auto fields =
      fields_in_order(required("key", &ManifestItem::key), required("revision", &ManifestItem::revision),
                      required("size", &ManifestItem::size));
};

struct Manifest {
  static constexpr std::int64_t kFormat = 1;

  std::int64_t format = kFormat;
  std::vector<ManifestItem> items;

  static constexpr auto fields =
      fields_in_order(required("format", &Manifest::format), required("items", &Manifest::items));
};

// The manifest's size stands before it, 4 bytes, big-endian.
constexpr std::size_t kPrefix = 4;

std::string prefix_of(std::size_t size) {
  std::string prefix;
  for (int shift = 24; shift >= 0; shift -= 8) prefix += static_cast<char>((size >> shift) & 0xFF);
  return prefix;
}

std::size_t size_in(std::string_view prefix) {
  std::size_t size = 0;
  for (const char c : prefix) size = (size << 8) | static_cast<unsigned char>(c);
  return size;
}

Failure too_many() {
  return fail(ErrorCode::kTooLarge, fmt::format("a site holds at most {} artifacts", kMaxArtifacts));
}

Failure too_many_bytes() {
  return fail(ErrorCode::kTooLarge, fmt::format("a package of artifacts has at most {} bytes", kMaxPackage));
}

bool is_revision(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

template <class Kind>
Result<Artifact> decode_as(std::string_view bytes, const std::string& key) {
  auto decoded = decode<Kind>(bytes);
  // What did not fit may be named, never what stood there.
  if (!decoded)
    return fail(ErrorCode::kInvalid, "a field of the artifact is missing or of another type", key);
  return Artifact(std::move(*decoded));
}

Result<Artifact> decode_as(ArtifactKind kind, std::string_view bytes, const std::string& key) {
  switch (kind) {
    case ArtifactKind::kSharedScript:
      return decode_as<SharedScript>(bytes, key);
    case ArtifactKind::kExternalSystem:
      return decode_as<ExternalSystem>(bytes, key);
    case ArtifactKind::kDatabaseConnection:
      return decode_as<DatabaseConnection>(bytes, key);
    case ArtifactKind::kSmtpSettings:
      return decode_as<SmtpSettings>(bytes, key);
    case ArtifactKind::kNotificationList:
      break;
  }
  return decode_as<NotificationList>(bytes, key);
}

Result<Manifest> read_manifest(std::string_view bytes) {
  auto manifest = decode<Manifest>(bytes);
  if (!manifest) return manifest;
  if (manifest->format != Manifest::kFormat)
    return fail(ErrorCode::kInvalid, fmt::format("packages of format {} are not read here", manifest->format),
                "unknown-format");
  if (manifest->items.size() > kMaxArtifacts) return too_many();
  const std::string* previous = nullptr;
  for (const auto& item : manifest->items) {
    if (!parse_artifact_key(item.key) || !is_revision(item.revision))
      return fail(ErrorCode::kInvalid, "a manifest item that is no key and revision");
    if (previous != nullptr && !(*previous < item.key))
      return fail(ErrorCode::kInvalid, "the manifest is not strictly sorted by key", item.key);
    previous = &item.key;
  }
  return manifest;
}

}  // namespace

Result<SealedArtifact> seal_artifact(const Artifact& artifact) {
  SealedArtifact sealed{std::visit([](const auto& of_kind) { return encode(of_kind); }, artifact), {}};
  if (sealed.bytes.size() > kMaxArtifact) {
    return fail(ErrorCode::kTooLarge, fmt::format("the artifact takes {} bytes; the limit is {}",
                                                  sealed.bytes.size(), kMaxArtifact));
  }
  sealed.revision = blake2b_hex(sealed.bytes);
  return sealed;
}

Result<Artifact> open_artifact(const ArtifactItem& item, std::string_view bytes) {
  const auto name = parse_artifact_key(item.key);
  if (!name) return fail(ErrorCode::kInvalid, "not the key of an artifact", item.key);
  if (bytes.size() > kMaxArtifact) return fail(ErrorCode::kTooLarge, "an artifact over the limit", item.key);
  if (blake2b_hex(bytes) != item.revision)
    return fail(ErrorCode::kCorrupt, "the artifact does not have the revision it is said to have", item.key);
  auto artifact = decode_as(name->kind, bytes, item.key);
  if (!artifact) return artifact;
  if (auto sound = check(*artifact); !sound)
    return fail(sound.error().code, std::move(sound.error().message), item.key + "/" + sound.error().where);
  return artifact;
}

Result<std::string> pack_artifacts(const std::vector<PackageItem>& items) {
  if (items.size() > kMaxArtifacts) return too_many();
  Manifest manifest;
  std::size_t documents = 0;
  for (const auto& [item, bytes] : items) {
    manifest.items.push_back({item.key, item.revision, bytes ? bytes->size() : 0});
    documents += bytes ? bytes->size() : 0;
  }
  const auto head = encode(manifest);
  if (kPrefix + head.size() + documents > kMaxPackage) return too_many_bytes();
  auto package = prefix_of(head.size());
  package.reserve(kPrefix + head.size() + documents);
  package += head;
  for (const auto& item : items) {
    if (item.bytes) package += *item.bytes;
  }
  return package;
}

Result<std::vector<PackageItem>> unpack_artifacts(std::string_view bytes, const Revision& revision) {
  if (bytes.size() > kMaxPackage) return too_many_bytes();
  if (blake2b_hex(bytes) != revision)
    return fail(ErrorCode::kCorrupt, "the package does not have the revision it is said to have");
  if (bytes.size() < kPrefix || size_in(bytes.substr(0, kPrefix)) > bytes.size() - kPrefix)
    return fail(ErrorCode::kInvalid, "the package is shorter than its manifest");
  const auto head = size_in(bytes.substr(0, kPrefix));
  auto manifest = read_manifest(bytes.substr(kPrefix, head));
  if (!manifest) return fail(std::move(manifest.error()));
  bytes.remove_prefix(kPrefix + head);
  std::vector<PackageItem> items;
  items.reserve(manifest->items.size());
  for (auto& [key, item_revision, size] : manifest->items) {
    if (size > bytes.size()) return fail(ErrorCode::kInvalid, "the package is shorter than its documents");
    auto document =
        size == 0 ? nullptr
                  : std::make_shared<const std::string>(bytes.substr(0, static_cast<std::size_t>(size)));
    bytes.remove_prefix(static_cast<std::size_t>(size));
    items.push_back({{std::move(key), std::move(item_revision)}, std::move(document)});
  }
  if (!bytes.empty()) return fail(ErrorCode::kInvalid, "something follows the documents of the package");
  return items;
}

std::string artifacts_digest(const ArtifactInventory& inventory) {
  return blake2b_hex(encode(inventory));
}

}  // namespace fieldline::wire
