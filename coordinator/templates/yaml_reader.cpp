#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <sstream>

#include "coordinator/templates/limits.hpp"
#include "coordinator/templates/text.hpp"
#include "coordinator/templates/tree_builder.hpp"

namespace fieldline::templates {
namespace {

constexpr std::string_view kStringTag = "tag:yaml.org,2002:str";

// Unwinds the parser, which has no other way to be stopped.
struct Refused {
  std::string message;
  int line;
};

template <class Number>
std::optional<Number> whole(std::string_view text, auto... base) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  Number number{};
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number, base...);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

bool is_any_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool looks_like_number(std::string_view text) {
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) text.remove_prefix(1);
  if (!text.empty() && text.front() == '.') text.remove_prefix(1);
  return !text.empty() && text.front() >= '0' && text.front() <= '9' &&
         text.find_first_not_of("0123456789.eE+-") == std::string_view::npos;
}

// A number, but one that no double comes near.
bool is_beyond_doubles(std::string_view text) {
  if (text.front() == '+') text.remove_prefix(1);
  double number = 0;
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  return parsed.ec == std::errc::result_out_of_range && parsed.ptr == end;
}

std::string shortened(const std::string& text) {
  return text.size() <= 40 ? text : text.substr(0, 40) + "…";
}

// The YAML 1.2 core schema. Infinities and NaN have no meaning for a plant and are refused.
Json plain_scalar(const std::string& text, int line) {
  if (is_any_of(text, {"true", "True", "TRUE"})) return true;
  if (is_any_of(text, {"false", "False", "FALSE"})) return false;
  if (text.starts_with("0x")) {
    if (const auto number = whole<std::int64_t>(std::string_view(text).substr(2), 16)) return *number;
  }
  if (text.starts_with("0o")) {
    if (const auto number = whole<std::int64_t>(std::string_view(text).substr(2), 8)) return *number;
  }
  if (looks_like_number(text)) {
    if (const auto number = whole<std::int64_t>(text)) return *number;
    const auto number = whole<double>(text);
    const bool digits_only = text.find_first_of(".eE") == std::string::npos;
    if (number && !digits_only && std::isfinite(*number)) return *number;
    if (digits_only && text.find_first_of("+-", 1) == std::string::npos) {
      throw Refused{fmt::format("the integer {} is out of range", shortened(text)), line};
    }
    if (is_beyond_doubles(text)) {
      throw Refused{fmt::format("the number {} is out of range", shortened(text)), line};
    }
  }
  const auto unsigned_text = text.substr(text.find_first_not_of("+-") == 1 ? 1 : 0);
  if (is_any_of(unsigned_text, {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"})) {
    throw Refused{"NaN and infinities are not taken", line};
  }
  return text;
}

class Reader final : public YAML::EventHandler {
 public:
  explicit Reader(const Pointers& watched) : watched_(watched) {}

  std::vector<Json> take() { return std::move(trees_); }
  [[nodiscard]] const Lines& lines() const { return lines_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    // A stray "," makes yaml-cpp begin one empty document after the other at the same place.
    if (mark.pos == started_at_) throw Refused{"this is not YAML: unexpected text", mark.line + 1};
    started_at_ = mark.pos;
    const auto watched = watched_.find(trees_.size());
    builder_ = TreeBuilder(room_, watched != watched_.end() ? &watched->second : nullptr);
  }
  void OnDocumentEnd() override {
    if (builder_.watched_line() != 0) lines_[trees_.size()] = builder_.watched_line();
    room_ = builder_.room();
    auto tree = builder_.take();
    if (!tree.is_null()) trees_.push_back(std::move(tree));  // an empty document stands for nothing
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { value(nullptr, mark, anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse_anchor(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (builder_.expects_key()) {
      if (anchor != 0) refuse_anchor(mark);
      keep(builder_.key(text, mark.line + 1), mark);
    } else if (tag == "?" || tag.empty()) {
      value(plain_scalar(text, mark.line + 1), mark, anchor);
    } else {
      check_tag(tag, kStringTag, mark);
      value(text, mark, anchor);
    }
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check_tag(tag, "tag:yaml.org,2002:seq", mark);
    open(Json::array(), mark, anchor);
  }
  void OnSequenceEnd() override { builder_.close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check_tag(tag, "tag:yaml.org,2002:map", mark);
    open(Json::object(), mark, anchor);
  }
  void OnMapEnd() override { builder_.close(); }

 private:
  [[noreturn]] static void refuse_anchor(const YAML::Mark& mark) {
    throw Refused{"anchors and aliases are not taken: write the value out, or let a template say it",
                  mark.line + 1};
  }
  static void check_tag(const std::string& tag, std::string_view expected, const YAML::Mark& mark) {
    if (tag.empty() || tag == "?" || tag == "!" || tag == expected) return;
    throw Refused{fmt::format("the tag {} is not taken", tag), mark.line + 1};
  }
  void keep(bool built, const YAML::Mark& mark) const {
    if (!built) throw Refused{builder_.problem(), mark.line + 1};
  }
  void refuse_as_key(const YAML::Mark& mark) const {
    if (builder_.expects_key())
      throw Refused{"a key is a word, not a null, a list or an object", mark.line + 1};
  }
  void value(Json scalar, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) refuse_anchor(mark);
    refuse_as_key(mark);
    keep(builder_.scalar(std::move(scalar), mark.line + 1), mark);
  }
  void open(Json container, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) refuse_anchor(mark);
    refuse_as_key(mark);
    keep(builder_.open(std::move(container), mark.line + 1), mark);
  }

  std::size_t room_ = kMaxValues;  // for all documents
  TreeBuilder builder_{kMaxValues};
  std::vector<Json> trees_;
  const Pointers& watched_;
  Lines lines_;
  int started_at_ = -1;
};

Result<> read(std::string_view text, Reader& reader) {
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(reader)) {
    }
    return {};
  } catch (const Refused& refused) {
    return fail(ErrorCode::kInvalid, refused.message, fmt::format("line {}", refused.line));
  } catch (const YAML::Exception& error) {
    const auto where = error.mark.is_null() ? std::string() : fmt::format("line {}", error.mark.line + 1);
    return fail(ErrorCode::kInvalid, "this is not YAML: " + error.msg, where);
  }
}

Result<> refuse_too_much_flow(std::string_view text) {
  const auto is_mark = [](char c) { return c == ',' || c == '[' || c == ']' || c == '{' || c == '}'; };
  if (std::count_if(text.begin(), text.end(), is_mark) <= static_cast<std::ptrdiff_t>(kMaxFlowMarks))
    return {};
  return fail(
      ErrorCode::kTooLarge,
      fmt::format("a text has more than {} commas, brackets and braces; apply it in parts", kMaxFlowMarks));
}

}  // namespace

Result<std::vector<Json>> parse_yaml(std::string_view text) {
  if (auto small = refuse_too_much_flow(text); !small) return fail(std::move(small.error()));
  const Pointers none;
  Reader reader(none);
  if (auto outcome = read(text, reader); !outcome) return fail(std::move(outcome.error()));
  return reader.take();
}

Lines lines_in_yaml(std::string_view text, const Pointers& pointers) {
  Reader reader(pointers);
  static_cast<void>(read(text, reader));
  return reader.lines();
}

}  // namespace fieldline::templates
