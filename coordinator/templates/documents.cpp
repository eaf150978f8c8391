#include "coordinator/templates/documents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "common/base/utf8.hpp"
#include "coordinator/templates/limits.hpp"
#include "coordinator/templates/text.hpp"

namespace fieldline::templates {
namespace {

// The readers take some of them for the end of the text, or the whole for UTF-16.
Result<> refuse_control_characters(std::string_view text) {
  const auto is_control = [](char c) { return c >= 0 && c < ' ' && c != '\t' && c != '\n' && c != '\r'; };
  const auto found = std::find_if(text.begin(), text.end(), is_control);
  if (found == text.end()) return {};
  return fail(
      ErrorCode::kInvalid,
      fmt::format("a control character, 0x{:02X}; in quotes it can be written \\u{:04X}", *found, *found),
      fmt::format("line {}", 1 + std::count(text.begin(), found, '\n')));
}

Result<std::vector<Json>> read_trees(std::string_view text, TextFormat format) {
  if (auto clean = refuse_control_characters(text); !clean) return fail(std::move(clean.error()));
  return format == TextFormat::kYaml ? parse_yaml(text) : parse_json(text);
}

Result<std::vector<Json>> parse_trees(std::string_view text, TextFormat format) {
  if (text.size() > kMaxText) {
    return fail(ErrorCode::kTooLarge, fmt::format("a text of documents has at most {} MiB", kMaxText >> 20));
  }
  if (!is_utf8(text)) return fail(ErrorCode::kInvalid, "the text is not UTF-8");
  auto trees = read_trees(text, format);
  if (trees) return trees;
  const auto& error = trees.error();
  return fail(
      Error{error.code, error.message, error.where, {{"unreadable-text", error.where, error.message}}});
}

// "templates/Pump" as far as the tree says what it is, else "document 3".
std::string title(const Json& tree, std::size_t index) {
  const auto text = [&](const char* field) {
    const auto found = tree.is_object() ? tree.find(field) : tree.end();
    return tree.is_object() && found != tree.end() && found->is_string() ? found->get<std::string>() : "";
  };
  const auto kind = parse_enum<DocumentKind>(text("kind"));
  return kind ? DocumentKey{*kind, text("name")}.path() : fmt::format("document {}", index + 1);
}

// Collects what is wrong with each document of a text.
class Problems {
 public:
  Problems(std::string_view text, const std::vector<Json>& trees) : text_(text), trees_(trees) {}

  // At most one of each document.
  void add(std::string_view code, std::size_t index, const std::string& pointer, std::string message) {
    if (findings_.size() == kMaxFindings) return;
    findings_.push_back({std::string(code), title(trees_[index], index) + pointer, std::move(message)});
    pointers_.emplace(index, pointer);
  }
  [[nodiscard]] bool empty() const { return findings_.empty(); }
  Error take() && {
    // JSON is YAML as far as lines go; looked up only here, so that reading good texts costs nothing.
    const auto lines = lines_in_yaml(text_, pointers_);
    auto at = findings_.begin();
    for (const auto& [index, pointer] : pointers_) {
      const auto line = lines.find(index);
      if (line != lines.end()) at->message = fmt::format("line {}: {}", line->second, at->message);
      ++at;
    }
    return {ErrorCode::kInvalid, "some documents can't be taken as they are written", "",
            std::move(findings_)};
  }

 private:
  std::string_view text_;
  const std::vector<Json>& trees_;
  std::vector<Finding> findings_;  // in the order of their documents
  Pointers pointers_;
};

}  // namespace

Result<std::vector<DocumentPointer>> parse_documents(std::string_view text, TextFormat format) {
  const auto trees = parse_trees(text, format);
  if (!trees) return fail(trees.error());
  Problems problems(text, *trees);
  std::vector<DocumentPointer> documents;
  std::set<DocumentKey> seen;
  for (std::size_t i = 0; i < trees->size(); ++i) {
    auto document = document_from_json((*trees)[i]);
    if (!document) {
      problems.add("invalid-document", i, document.error().where, document.error().message);
    } else if (!seen.insert((*document)->key).second) {
      problems.add("duplicate-document", i, "", "the text has this document twice");
    } else {
      documents.push_back(std::move(*document));
    }
  }
  if (!problems.empty()) return fail(std::move(problems).take());
  return documents;
}

std::string export_documents(std::span<const DocumentPointer> documents, TextFormat format) {
  std::vector<DocumentPointer> sorted(documents.begin(), documents.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a->key < b->key; });
  if (format == TextFormat::kJson) {
    auto list = Json::array();
    for (const auto& document : sorted) list.push_back(to_json(*document));
    return list.dump(2) + "\n";
  }
  std::string text;
  for (const auto& document : sorted) text += "---\n" + yaml_of(to_json(*document));
  return text;
}

}  // namespace fieldline::templates
