#include "common/wire/tape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <msgpack.hpp>

#include "common/base/utf8.hpp"
#include "common/wire/limits.hpp"
#include "common/wire/packer.hpp"

namespace fieldline::wire {

// Receives msgpack-c's parse events and lays them down. Returning false ends the parse.
class TapeWriter : public msgpack::null_visitor {
 public:
  TapeWriter(std::vector<Node>& nodes, std::size_t bytes) : nodes_(nodes), bytes_(bytes) {
    nodes_.reserve(std::min<std::size_t>(bytes, 4096));
  }

  bool visit_nil() { return add(Node::Kind::kNil) != nullptr; }

  bool visit_boolean(bool value) {
    auto* node = add(Node::Kind::kBool);
    if (node != nullptr) node->boolean = value;
    return node != nullptr;
  }

  bool visit_positive_integer(std::uint64_t value) {
    auto* node = add(Node::Kind::kUnsigned);
    if (node != nullptr) node->natural = value;
    return node != nullptr;
  }

  bool visit_negative_integer(std::int64_t value) {
    auto* node = add(Node::Kind::kInteger);
    if (node != nullptr) node->integer = value;
    return node != nullptr;
  }

  bool visit_float32(float value) { return visit_float64(value); }

  bool visit_float64(double value) {
    auto* node = add(Node::Kind::kReal);
    if (node != nullptr) node->real = value;
    return node != nullptr;
  }

  bool visit_str(const char* text, std::uint32_t size) {
    if (!is_utf8({text, size})) return refuse("a string is not valid UTF-8");
    const bool is_key = expects_key_;
    expects_key_ = false;
    nodes_.emplace_back();
    auto& node = nodes_.back();
    node.kind = Node::Kind::kText;
    node.size = size;
    node.text = text;
    return !is_key || note_key(node.view());
  }

  bool visit_bin(const char*, std::uint32_t) { return refuse("bin values are not used"); }

  bool visit_ext(const char* data, std::uint32_t size) {
    constexpr std::uint32_t kTypeAndMicros = 9;
    if (size != kTypeAndMicros || data[0] != kTimestampExtension) return refuse("an extension is not known");
    auto* node = add(Node::Kind::kTimestamp);
    if (node == nullptr) return false;
    std::uint64_t bits = 0;
    for (std::uint32_t i = 1; i < size; ++i) bits = (bits << 8) | static_cast<unsigned char>(data[i]);
    node->integer = static_cast<std::int64_t>(bits);
    return true;
  }

  bool start_array(std::uint32_t count) { return open(Node::Kind::kArray, count, count); }
  bool end_array() { return close(); }
  bool start_map(std::uint32_t count) { return open(Node::Kind::kMap, count, std::uint64_t{count} * 2); }

  bool start_map_key() {
    expects_key_ = true;
    return true;
  }

  bool end_map() {
    const auto& level = levels_[depth_ - 1];
    if (!level.keys_rise && !keys_are_unique(level.node)) return refuse("a key occurs twice in a map");
    return close();
  }

  void parse_error(std::size_t, std::size_t) { refuse("the bytes are not MessagePack"); }
  void insufficient_bytes(std::size_t, std::size_t) { refuse("the bytes end too early"); }

  [[nodiscard]] const char* refusal() const { return refusal_; }

 private:
  struct Level {
    std::uint64_t node;
    std::string_view last_key;
    bool keys_rise;  // so far every key was above the one before: none occurs twice
  };

  bool refuse(const char* why) {
    if (refusal_ == nullptr) refusal_ = why;
    return false;
  }

  Node* add(Node::Kind kind) {
    if (expects_key_) {
      refuse("a map key is not a string");
      return nullptr;
    }
    nodes_.emplace_back();
    nodes_.back().kind = kind;
    return &nodes_.back();
  }

  bool open(Node::Kind kind, std::uint32_t count, std::uint64_t items) {
    // Each item takes a byte at least, so a document that claims more than it has bytes is false.
    claimed_ += items;
    if (claimed_ > bytes_) return refuse("a count is larger than the bytes that follow");
    if (depth_ == kMaxDepth) return refuse("it nests too deep");
    auto* node = add(kind);
    if (node == nullptr) return false;
    node->size = count;
    levels_[depth_++] = {nodes_.size() - 1, {}, true};
    return true;
  }

  bool close() {
    nodes_[levels_[--depth_].node].end = nodes_.size();
    return true;
  }

  bool note_key(std::string_view key) {
    auto& level = levels_[depth_ - 1];
    const bool first = nodes_.size() == level.node + 2;
    level.keys_rise = level.keys_rise && (first || level.last_key < key);
    level.last_key = key;
    return true;
  }

  [[nodiscard]] bool keys_are_unique(std::uint64_t map) const {
    std::vector<std::string_view> keys;
    auto at = map + 1;
    for (std::uint32_t i = 0; i < nodes_[map].size; ++i) {
      keys.push_back(nodes_[at].view());
      const auto& item = nodes_[++at];
      at = item.kind == Node::Kind::kArray || item.kind == Node::Kind::kMap ? item.end : at + 1;
    }
    std::sort(keys.begin(), keys.end());
    return std::adjacent_find(keys.begin(), keys.end()) == keys.end();
  }

  std::vector<Node>& nodes_;
  std::uint64_t bytes_;
  std::uint64_t claimed_ = 0;
  std::array<Level, kMaxDepth> levels_{};
  std::size_t depth_ = 0;
  bool expects_key_ = false;
  const char* refusal_ = nullptr;
};

Result<Tape> Tape::parse(std::string_view bytes) {
  Tape tape;
  TapeWriter writer(tape.nodes_, bytes.size());
  std::size_t offset = 0;
  const bool whole = msgpack::parse(bytes.data(), bytes.size(), offset, writer);
  if (writer.refusal() != nullptr || !whole) {
    const char* why = writer.refusal() != nullptr ? writer.refusal() : "the bytes end too early";
    return fail(ErrorCode::kInvalid, why, fmt::format("byte {}", offset));
  }
  if (offset != bytes.size())
    return fail(ErrorCode::kInvalid, "bytes follow the document", fmt::format("byte {}", offset));
  return tape;
}

}  // namespace fieldline::wire
