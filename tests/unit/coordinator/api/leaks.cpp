#include "tests/unit/coordinator/api/leaks.hpp"

#include <sodium.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "common/base/hash.hpp"

namespace fieldline::api::test {
namespace {

// After so many other bytes, less the digits that depend on what is before and after it.
std::string base64_of(const std::string& secret, std::size_t shift) {
  const auto bytes = std::string(shift, '\0') + secret;
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL_NO_PADDING), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
  const auto begin = (shift * 8 + 5) / 6;
  return text.substr(begin, bytes.size() * 8 / 6 - begin);
}

}  // namespace

bool shows(const std::string& text, const std::string& secret) {
  const std::vector<std::string> faces{secret, to_hex(secret), base64_of(secret, 0), base64_of(secret, 1),
                                       base64_of(secret, 2)};
  return std::any_of(faces.begin(), faces.end(),
                     [&](const auto& face) { return text.find(face) != std::string::npos; });
}

std::vector<std::filesystem::path> showing(const std::filesystem::path& folder, const std::string& secret) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(file), {});
    if (shows(content, secret)) found.push_back(entry.path());
  }
  return found;
}

}  // namespace fieldline::api::test
