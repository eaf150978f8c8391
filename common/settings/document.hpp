// A settings file as it stands: a flat list of keys with their texts and lines. Refuses what YAML
// allows and a settings file does not need: duplicate keys, anchors, tags of other types, documents
// after the first, bytes that are not UTF-8.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"

namespace fieldline::settings {

struct Entry {
  std::string key;                 // "listen.http"
  std::vector<std::string> texts;  // one, or those of a list; none for a key without a value
  bool list = false;
  int line = 0;  // from 1
};

// The bytes of a file, or why they can't be had.
Result<std::string> read_file(const std::string& path);
// Errors bear "path:line" as their place.
Result<std::vector<Entry>> parse_document(const std::string& bytes, const std::string& path);

}  // namespace fieldline::settings
