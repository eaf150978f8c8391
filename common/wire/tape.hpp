// A MessagePack document, parsed once and held flat: one node an item, in the order of the bytes,
// strings as views into them. Memory follows the bytes that are there, never the counts they claim.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/time.hpp"

namespace fieldline::wire {

struct Node {
  enum class Kind : std::uint8_t { kNil, kBool, kInteger, kUnsigned, kReal, kText, kTimestamp, kArray, kMap };

  Kind kind = Kind::kNil;
  std::uint32_t size = 0;  // text: bytes; array: items; map: pairs
  union {
    bool boolean;
    std::int64_t integer;   // kInteger (negative), kTimestamp (microseconds)
    std::uint64_t natural;  // kUnsigned
    double real;
    const char* text;
    std::uint64_t end;  // array, map: index of the node after the last one inside
  };

  Node() : natural(0) {}
  [[nodiscard]] std::string_view view() const { return {text, size}; }
};

// Parses `bytes` as exactly one document. Refused: more or fewer bytes, nesting over kMaxDepth, keys
// that are not strings or occur twice in a map, strings that are not UTF-8, bin, unknown extensions.
// The tape points into `bytes`, which must outlive it.
class Tape {
 public:
  static Result<Tape> parse(std::string_view bytes);

  [[nodiscard]] const Node& operator[](std::uint64_t index) const { return nodes_[index]; }
  // The index of the node that follows the item at `index`, all inside it included.
  [[nodiscard]] std::uint64_t after(std::uint64_t index) const {
    const auto& node = nodes_[index];
    return node.kind == Node::Kind::kArray || node.kind == Node::Kind::kMap ? node.end : index + 1;
  }

 private:
  friend class TapeWriter;
  std::vector<Node> nodes_;
};

}  // namespace fieldline::wire
