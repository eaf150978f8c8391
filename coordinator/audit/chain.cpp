#include "coordinator/audit/chain.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <charconv>

#include "common/base/check.hpp"
#include "common/base/file.hpp"
#include "common/base/hash.hpp"

namespace fieldline::audit {
namespace {

constexpr std::size_t kHexDigits = 64;
constexpr std::size_t kHeadBytes = 128;
// Says which fields follow and in which order; another list of fields gets another one.
constexpr std::string_view kForm = "fieldline-audit-1";

bool is_hex(std::string_view text) {
  return text.size() == kHexDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Each with its length, so that no text can pass for two.
void put(std::string& bytes, std::string_view text) {
  bytes += fmt::format("{}:", text.size());
  bytes += text;
}

std::string canonical(const Entry& e) {
  std::string bytes;
  put(bytes, kForm);
  put(bytes, std::to_string(e.sequence));
  put(bytes, std::to_string(e.time.time_since_epoch().count()));
  for (const auto* text : {&e.who, &e.kind, &e.address, &e.action, &e.method, &e.path, &e.document, &e.site,
                           &e.instance, &e.deployment, &e.result, &e.details})
    put(bytes, *text);
  return bytes;
}

Failure no_key(const std::filesystem::path& path) {
  return fail(ErrorCode::kCorrupt, "the key file does not hold 64 hex digits: restore it", path.string());
}

}  // namespace

Key::~Key() {
  sodium_memzero(bytes_.data(), bytes_.size());
}

Result<Key> Key::load(const std::filesystem::path& path) {
  // The digits and their line end.
  auto text = read_private_file(path, kHexDigits + 1);
  if (!text && text.error().code == ErrorCode::kTooLarge) return no_key(path);
  if (!text) return fail(std::move(text.error()));
  if (text->ends_with('\n')) text->pop_back();
  Key key;
  const bool sound = is_hex(*text);
  if (sound)
    sodium_hex2bin(key.bytes_.data(), key.bytes_.size(), text->data(), text->size(), nullptr, nullptr,
                   nullptr);
  sodium_memzero(text->data(), text->size());
  if (!sound) return no_key(path);
  return key;
}

Result<Key> Key::create(const std::filesystem::path& path) {
  if (sodium_init() < 0) return fail(ErrorCode::kInternal, "libsodium has no source of randomness");
  Key key;
  randombytes_buf(key.bytes_.data(), key.bytes_.size());
  auto text = to_hex({reinterpret_cast<const char*>(key.bytes_.data()), key.bytes_.size()}) + "\n";
  auto written = write_file(path, text, FileMode::kPrivate, Existing::kKeep);
  sodium_memzero(text.data(), text.size());
  if (!written) return fail(std::move(written.error()));
  return key;
}

std::string Key::mac(std::string_view previous, const Entry& entry) const {
  std::string bytes;
  put(bytes, previous);
  bytes += canonical(entry);
  std::array<unsigned char, 32> code{};
  FIELDLINE_CHECK(crypto_generichash(code.data(), code.size(),
                                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                                     bytes_.data(), bytes_.size()) == 0);
  return to_hex({reinterpret_cast<const char*>(code.data()), code.size()});
}

std::filesystem::path head_file(const std::filesystem::path& key_file) {
  auto file = key_file;
  return file.replace_extension(".head");
}

Result<std::optional<Head>> read_head(const std::filesystem::path& file) {
  auto text = read_private_file(file, kHeadBytes);
  if (!text && text.error().code == ErrorCode::kNotFound) return std::optional<Head>();
  if (!text) return fail(std::move(text.error()));
  if (text->ends_with('\n')) text->pop_back();
  Head head;
  const auto* end = text->data() + text->size();
  const auto number = std::from_chars(text->data(), end, head.sequence);
  if (number.ec == std::errc() && number.ptr != end && *number.ptr == ' ')
    head.mac.assign(number.ptr + 1, end);
  if (head.sequence < 0 || !is_hex(head.mac))
    return fail(ErrorCode::kCorrupt, "the file does not hold the end of an audit log", file.string());
  if (head.sequence == 0) head.mac.clear();
  return std::optional(std::move(head));
}

Result<> write_head(const std::filesystem::path& file, const Head& head) {
  const auto& mac = head.mac.empty() ? std::string(kHexDigits, '0') : head.mac;
  return write_file(file, fmt::format("{} {}\n", head.sequence, mac), FileMode::kPrivate, Existing::kReplace);
}

}  // namespace fieldline::audit
