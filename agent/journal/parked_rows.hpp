// Messages that are parked, or looked for by their id. Runs where the database runs it; throws as SOCI does.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/journal/record.hpp"
#include "agent/journal/record_rows.hpp"
#include "agent/journal/statement.hpp"
#include "common/base/result.hpp"

namespace fieldline::journal {

// How far a reading of the parked messages has come.
struct ParkedPlace {
  Place until = 0;  // what was parked later is not of this reading
  std::int64_t shelf = 0;
  Place place = 0;

  [[nodiscard]] std::string text() const;
  // Empty: it begins now. Text that is none begins now, too.
  static ParkedPlace read(std::string_view text, soci::session& sql);
};

// The parked rows after a place, in the order of their targets. The instance is inside of a row: is_of() says
// whether the filter means it.
class ParkedRows {
 public:
  ParkedRows(soci::session& sql, const ParkedFilter& filter, const ParkedPlace& after);

  // Answers no row when kLookedAt of them have been looked at; is_cut() then.
  bool step();
  [[nodiscard]] Row row() const { return row_at(rows_); }
  [[nodiscard]] bool is_cut() const { return looked_at_ >= most_; }

 private:
  const ParkedFilter filter_;
  Statement rows_;
  const std::int64_t most_;
  std::int64_t looked_at_ = 0;
};

ParkedPage select_parked(soci::session& sql, const ParkedFilter& filter, const std::string& cursor,
                         std::int64_t limit);
// kNotFound: it does not wait here, nor is it parked. kCorrupt: it is damaged.
Result<LiveMessage> select_live(soci::session& sql, const MessageId& id);

}  // namespace fieldline::journal
