#include "agent/journal/parked_rows.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "agent/journal/limits.hpp"
#include "common/base/utf8.hpp"

namespace fieldline::journal {
namespace {

constexpr std::string_view kOfTarget =
    "shelf = (SELECT -shelf FROM targets WHERE target = ?4) AND place > ?3 AND place <= ?1 ORDER BY place";
constexpr std::string_view kOfAny =
    "shelf < 0 AND ?4 = '' AND (shelf, place) > (?2, ?3) AND place <= ?1 ORDER BY shelf, place";
// Parked, a row bears its id; so do those that came back to their lanes.
constexpr std::string_view kById =
    "number = ? AND epoch = ? AND node = (SELECT id FROM nodes WHERE site = ? AND node = ?)";

std::string query_for(const ParkedFilter& filter) {
  if (filter.id) return row_query(fmt::format("{} AND shelf < 0", kById));
  return row_query(filter.target.empty() ? kOfAny : kOfTarget);
}

Statement& bind_id(Statement& statement, const MessageId& id) {
  statement.bind(static_cast<std::int64_t>(id.sequence)).bind(static_cast<std::int64_t>(id.epoch));
  return statement.text(id.site).text(id.node);
}

}  // namespace

std::string ParkedPlace::text() const {
  return fmt::format("{}.{}.{}", until, shelf, place);
}

ParkedPlace ParkedPlace::read(std::string_view text, soci::session& sql) {
  std::array<std::int64_t, 3> numbers{};
  const auto* at = text.data();
  const auto* const end = text.data() + text.size();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto [after, error] = std::from_chars(at, end, numbers[i]);
    const bool last = i + 1 == numbers.size();
    if (error != std::errc{} || (last ? after != end : after == end || *after != '.'))
      return {newest_place(sql), std::numeric_limits<std::int64_t>::min(), 0};
    at = last ? after : after + 1;
  }
  return {numbers[0], numbers[1], numbers[2]};
}

ParkedRows::ParkedRows(soci::session& sql, const ParkedFilter& filter, const ParkedPlace& after)
    : filter_(filter), rows_(sql, query_for(filter_).c_str()), most_(kLookedAt) {
  if (filter_.id) {
    bind_id(rows_, *filter_.id);
  } else {
    rows_.bind(after.until).bind(after.shelf).bind(after.place).text(filter_.target);
  }
}

bool ParkedRows::step() {
  if (is_cut()) return false;
  ++looked_at_;
  return rows_.step();
}

ParkedPage select_parked(soci::session& sql, const ParkedFilter& filter, const std::string& cursor,
                         std::int64_t limit) {
  ParkedPage page;
  const auto nodes = select_nodes(sql);
  auto at = ParkedPlace::read(cursor, sql);
  ParkedRows rows(sql, filter, at);
  std::size_t bytes = 0;
  while (rows.step()) {
    const auto row = rows.row();
    auto message = message_of(row, nodes, filter.target);
    if (message && (filter.instance.empty() || message->instance == filter.instance)) {
      bytes += row.note.size() + message->target.size() + message->instance.size() + message->script.size() +
               kHeadlineBytes;
      if (!page.messages.empty() &&
          (static_cast<std::int64_t>(page.messages.size()) == limit || bytes > kPageBytes)) {
        page.next = at.text();
        return page;
      }
      page.messages.push_back({message->accepted, row.size, message->id, std::move(message->instance),
                               Timestamp(Duration(row.at)), std::string(row.note),
                               std::string(cut_utf8(message->script, kReasonBytes)),
                               std::move(message->target)});
    }
    at.shelf = row.shelf.value_or(0);
    at.place = row.place;
  }
  if (rows.is_cut()) page.next = at.text();
  return page;
}

Result<LiveMessage> select_live(soci::session& sql, const MessageId& id) {
  const auto nodes = select_nodes(sql);
  const auto read = [&](Statement& statement) -> std::optional<Result<LiveMessage>> {
    if (!statement.step()) return std::nullopt;
    const auto row = row_at(statement);
    auto message = message_of(row, nodes, {});
    if (!message) return fail(std::move(message.error()));
    message->script = std::string(cut_utf8(message->script, kReasonBytes));
    return LiveMessage{std::move(*message), *row.shelf < 0, Timestamp(Duration(row.at)),
                       std::string(row.note)};
  };
  Statement moved(sql, row_query(fmt::format("{} AND shelf IS NOT NULL", kById)).c_str());
  if (auto found = read(bind_id(moved, id))) return std::move(*found);
  // One that never moved stands at its number.
  Statement unmoved(sql,
                    row_query("place = ? AND epoch = ? AND node IS NULL AND shelf IS NOT NULL AND EXISTS "
                              "(SELECT 1 FROM nodes WHERE id = 1 AND site = ? AND node = ?)")
                        .c_str());
  if (auto found = read(bind_id(unmoved, id))) return std::move(*found);
  return fail(ErrorCode::kNotFound, "no such message waits here");
}

}  // namespace fieldline::journal
