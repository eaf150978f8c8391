// One statement of SQLite, bound and read without SOCI's copies: the journal writes and reads a thousand
// rows in the time of one sync. Its session keeps it compiled for the next one of the same text. Throws as
// SOCI does. The thread that owns the session, which is one of common/sql.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace fieldline::journal {

class Statement {
 public:
  Statement(soci::session& sql, const char* text);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // The parameters, in order. What is bound must live until the statement is reset.
  Statement& bind(std::int64_t value);
  Statement& bind(const std::optional<std::int64_t>& value);
  Statement& text(std::string_view value);
  Statement& blob(std::string_view value);

  // The next row, if there is one; without, it is ready to be bound anew.
  bool step();
  // For a statement without rows.
  void run();
  void reset();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] bool is_null(int column) const;
  // Until the next step.
  [[nodiscard]] std::string_view bytes(int column) const;
  // Rows that the last run changed.
  [[nodiscard]] std::int64_t changed() const;

 private:
  struct Idle;
  struct Handle;
  struct Close {
    void operator()(Handle* handle) const;
  };
  std::unique_ptr<Handle, Close> handle_;
  int bound_ = 0;
};

}  // namespace fieldline::journal
