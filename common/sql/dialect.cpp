#include "common/sql/dialect.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace fieldline::sql {
namespace {

constexpr auto kTypes = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"INTEGER", "BIGINT"},
    {"REAL", "DOUBLE PRECISION"},
    {"BLOB", "BYTEA"},
    {"TEXT", "TEXT COLLATE \"C\""},
});
// What stands behind a table's columns, by words.
constexpr auto kOptions = std::to_array<std::string_view>({"STRICT", "WITHOUT", "ROWID"});

bool is_word(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
}

// The length of what begins `text` and belongs together: a quoted text, a comment, a word, or a letter.
std::size_t piece(std::string_view text) {
  const char first = text.front();
  std::size_t end = std::string_view::npos;
  if (first == '\'' || first == '"') {
    end = text.find(first, 1);
    return end == std::string_view::npos ? text.size() : end + 1;
  }
  if (text.substr(0, 2) == "--") {
    end = text.find('\n');
    return end == std::string_view::npos ? text.size() : end;
  }
  end = 1;
  if (is_word(first)) {
    while (end < text.size() && is_word(text[end])) ++end;
  }
  return end;
}

bool is_option(std::string_view word) {
  return std::find(kOptions.begin(), kOptions.end(), word) != kOptions.end();
}

std::string_view type_of(std::string_view word) {
  const auto* found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& type) { return type.first == word; });
  return found == kTypes.end() ? word : found->second;
}

}  // namespace

Dialect dialect_of(soci::session& session) {
  return session.get_backend_name() == "postgresql" ? Dialect::kPostgresql : Dialect::kSqlite;
}

std::string in_words_of(Dialect dialect, std::string_view schema) {
  if (dialect == Dialect::kSqlite) return std::string(schema);
  std::string translated;
  bool after_option = false;
  while (!schema.empty()) {
    const auto word = schema.substr(0, piece(schema));
    schema.remove_prefix(word.size());
    if (is_option(word)) {
      after_option = true;
      continue;
    }
    if (after_option && word == ",") continue;
    if (word.find_first_not_of(" \t\r\n") != std::string_view::npos) after_option = false;
    translated += type_of(word);
  }
  return translated;
}

}  // namespace fieldline::sql
