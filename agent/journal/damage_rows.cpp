#include "agent/journal/damage_rows.hpp"

#include <fmt/format.h>

#include "agent/journal/limits.hpp"
#include "agent/journal/record_rows.hpp"
#include "agent/journal/settled_rows.hpp"
#include "agent/journal/statement.hpp"

namespace fieldline::journal {
namespace {

std::optional<MessageId> id_at(const Statement& row, const Nodes& nodes) {
  const auto place = row.integer(0);
  const auto node = nodes.find(row.is_null(2) ? 1 : row.integer(2));
  if (node == nodes.end()) return std::nullopt;
  const auto number = row.is_null(3) ? place : row.integer(3);
  if (number <= 0 || row.integer(1) < 0) return std::nullopt;
  return MessageId{static_cast<std::uint64_t>(row.integer(1)), node->second.node,
                   static_cast<std::uint64_t>(number), node->second.site};
}

}  // namespace

std::vector<MessageId> set_messages_aside(soci::session& sql, const std::vector<Place>& places) {
  std::vector<MessageId> wanted;
  const auto nodes = select_nodes(sql);
  Statement row(sql, "SELECT place, epoch, node, number FROM records WHERE place = ?");
  for (const auto place : places) {
    if (row.bind(place).step()) {
      if (auto id = id_at(row, nodes)) wanted.push_back(std::move(*id));
    }
    row.reset();
    set_row_aside(sql, place);
  }
  return wanted;
}

std::vector<MessageId> select_wanted(soci::session& sql) {
  std::vector<MessageId> wanted;
  const auto nodes = select_nodes(sql);
  Statement rows(sql, fmt::format("SELECT place, epoch, node, number FROM damaged WHERE shelf <> 0 ORDER BY "
                                  "place DESC LIMIT {}",
                                  kWanted)
                          .c_str());
  while (rows.step()) {
    auto id = id_at(rows, nodes);
    if (id && !ending_of(sql, *id)) wanted.push_back(std::move(*id));
  }
  return wanted;
}

void delete_damaged(soci::session& sql, const MessageId& id) {
  Statement gone(
      sql,
      "DELETE FROM damaged WHERE epoch = ?2 AND ((number = ?1 AND node = ?3) OR (place = ?1 AND node "
      "IS NULL AND ?3 = 1))");
  gone.bind(static_cast<std::int64_t>(id.sequence)).bind(static_cast<std::int64_t>(id.epoch));
  gone.bind(number_of_node(sql, id)).run();
}

}  // namespace fieldline::journal
