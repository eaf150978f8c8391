#include "common/settings/document.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>

#include "common/settings/limits.hpp"

namespace fieldline::settings {
namespace {

// The length of the UTF-8 character at the front of `bytes` (RFC 3629); 0 when it is none.
std::size_t utf8_length(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return first == 0 ? 0 : 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool surrogate = first == 0xed && byte(1) > 0x9f;
  const bool too_high = first == 0xf4 && byte(1) > 0x8f;
  return overlong || surrogate || too_high ? 0 : length;
}

Failure refused(const std::string& path, int line, std::string message) {
  return fail(ErrorCode::kInvalid, std::move(message), fmt::format("{}:{}", path, line));
}

Result<> check_utf8(std::string_view bytes, const std::string& path) {
  int line = 1;
  while (!bytes.empty()) {
    const auto length = utf8_length(bytes);
    if (length == 0) return refused(path, line, "the file is not UTF-8 text");
    if (bytes.front() == '\n') ++line;
    bytes.remove_prefix(length);
  }
  return {};
}

// Turns the parser's events into entries. What it refuses it throws as the parser throws its own.
class EntryCollector final : public YAML::EventHandler {
 public:
  std::vector<Entry> take() { return std::move(entries_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (started_) refuse(mark, "a settings file holds one document");
    started_ = true;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    if (maps_.empty() && !in_list_) return;
    if (awaits_key()) refuse(mark, "a key may not be empty");
    if (in_list_) refuse(mark, fmt::format("an item of {} has no value", entries_.back().key));
    add({}, false);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { refuse_anchor(mark, 1); }

  void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    if (maps_.empty()) refuse(mark, "expected settings, each as 'key: value'");
    if (awaits_key()) {
      take_key(mark, value);
    } else if (in_list_) {
      if (entries_.back().texts.size() == kListItems) {
        refuse(mark, fmt::format("{} has more than {} items", entries_.back().key, kListItems));
      }
      entries_.back().texts.push_back(value);
    } else {
      add({value}, false);
    }
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    refuse_anchor(mark, anchor);
    if (maps_.empty() || awaits_key() || in_list_) refuse(mark, "a list is out of place here");
    add({}, true);
    in_list_ = true;
  }
  void OnSequenceEnd() override { in_list_ = false; }

  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    refuse_anchor(mark, anchor);
    if (in_list_ || (!maps_.empty() && awaits_key()))
      refuse(mark, "a group of settings is out of place here");
    std::string prefix = maps_.empty() ? "" : path() + ".";
    maps_.push_back({std::move(prefix), {}, 0, {}});
  }
  void OnMapEnd() override {
    maps_.pop_back();
    if (!maps_.empty()) maps_.back().key.clear();
  }

 private:
  struct Map {
    std::string prefix;
    std::string key;  // empty: the next scalar is one
    int line = 0;     // of the key: the mark of an absent value is that of what follows
    std::set<std::string> seen;
  };

  [[noreturn]] static void refuse(const YAML::Mark& mark, const std::string& message) {
    throw YAML::ParserException(mark, message);
  }
  static void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor)
      refuse(mark, "anchors and aliases are not taken here: write the value out");
  }

  [[nodiscard]] bool awaits_key() const { return !maps_.empty() && !in_list_ && maps_.back().key.empty(); }
  [[nodiscard]] std::string path() const { return maps_.back().prefix + maps_.back().key; }

  void take_key(const YAML::Mark& mark, const std::string& key) {
    if (key.empty()) refuse(mark, "a key may not be empty");
    maps_.back().key = key;
    maps_.back().line = mark.line + 1;
    if (!maps_.back().seen.insert(key).second) refuse(mark, fmt::format("{} is given twice", path()));
  }

  void add(std::vector<std::string> texts, bool list) {
    entries_.push_back({path(), std::move(texts), list, maps_.back().line});
    maps_.back().key.clear();
  }

  bool started_ = false;
  bool in_list_ = false;
  std::vector<Map> maps_;
  std::vector<Entry> entries_;
};

}  // namespace

Result<std::string> read_file(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return fail(ErrorCode::kIo,
                fmt::format("cannot read the settings: {}", std::generic_category().message(errno)), path);
  }
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::kIo, "is not a regular file", path);
  std::ifstream file(path, std::ios::binary);
  std::string bytes(kFileBytes + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.is_open() || file.bad()) {
    return fail(ErrorCode::kIo, "cannot read the settings", path);
  }
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  if (bytes.size() <= kFileBytes) return bytes;
  return fail(ErrorCode::kTooLarge,
              fmt::format("has more than {} KiB: it is not a settings file", kFileBytes >> 10), path);
}

Result<std::vector<Entry>> parse_document(const std::string& bytes, const std::string& path) {
  if (auto text = check_utf8(bytes, path); !text) return fail(text.error());
  try {
    // yaml-cpp takes a quoted text that ends with the file as closed, but refuses an end-of-document
    // mark within one.
    std::istringstream stream(bytes + "\n...\n");
    YAML::Parser parser(stream);
    EntryCollector collector;
    while (parser.HandleNextDocument(collector)) {
    }
    return collector.take();
  } catch (const YAML::Exception& exception) {
    return refused(path, exception.mark.line + 1, exception.msg);
  }
}

}  // namespace fieldline::settings
