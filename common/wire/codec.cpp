#include "common/wire/codec.hpp"

namespace fieldline::wire::detail {

void write_value(Packer& packer, const Value& value) {
  struct Visitor {
    Packer& packer;
    void operator()(std::monostate) const { packer.nil(); }
    void operator()(bool v) const { packer.boolean(v); }
    void operator()(std::int64_t v) const { packer.integer(v); }
    void operator()(double v) const { packer.real(v); }
    void operator()(const std::string& v) const { packer.text(v); }
    void operator()(Timestamp v) const { packer.timestamp(v); }
  };
  std::visit(Visitor{packer}, value);
}

bool Reader::refuse(std::string why) {
  why_ = std::move(why);
  return false;
}

bool Reader::inside(std::string_view step) {
  where_ = fmt::format("/{}{}", step, where_);
  return false;
}

bool Reader::read_plain(std::uint64_t at, bool& out) {
  const auto& node = tape_[at];
  if (node.kind != Node::Kind::kBool) return refuse("expected true or false");
  out = node.boolean;
  return true;
}

// An integer is taken for a float too: not every library keeps 5.0 from becoming 5.
bool Reader::read_plain(std::uint64_t at, double& out) {
  const auto& node = tape_[at];
  if (node.kind == Node::Kind::kReal && std::isfinite(node.real)) {
    out = node.real;
  } else if (node.kind == Node::Kind::kUnsigned) {
    out = static_cast<double>(node.natural);
  } else if (node.kind == Node::Kind::kInteger) {
    out = static_cast<double>(node.integer);
  } else {
    return refuse("expected a finite number");
  }
  return true;
}

bool Reader::read_plain(std::uint64_t at, std::string& out) {
  const auto& node = tape_[at];
  if (node.kind != Node::Kind::kText) return refuse("expected a string");
  out = node.view();
  return true;
}

bool Reader::read_plain(std::uint64_t at, Timestamp& out) {
  const auto& node = tape_[at];
  if (node.kind != Node::Kind::kTimestamp) return refuse("expected a timestamp");
  out = Timestamp(Duration(node.integer));
  return true;
}

bool Reader::read_plain(std::uint64_t at, Value& out) {
  const auto& node = tape_[at];
  switch (node.kind) {
    case Node::Kind::kNil:
      out = std::monostate{};
      return true;
    case Node::Kind::kBool:
      out = node.boolean;
      return true;
    case Node::Kind::kInteger:
      out = node.integer;
      return true;
    case Node::Kind::kText:
      out = std::string(node.view());
      return true;
    case Node::Kind::kTimestamp:
      out = Timestamp(Duration(node.integer));
      return true;
    case Node::Kind::kUnsigned:
      if (!std::in_range<std::int64_t>(node.natural)) return refuse("expected an integer below 2^63");
      out = static_cast<std::int64_t>(node.natural);
      return true;
    case Node::Kind::kReal:
      if (!std::isfinite(node.real)) return refuse("expected a finite number");
      out = node.real;
      return true;
    case Node::Kind::kArray:
    case Node::Kind::kMap:
      break;
  }
  return refuse("expected a single value, not an array or a map");
}

}  // namespace fieldline::wire::detail
