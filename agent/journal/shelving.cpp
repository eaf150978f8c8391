#include "agent/journal/shelving.hpp"

#include <cstdlib>
#include <utility>

#include "agent/journal/kept_rows.hpp"
#include "agent/journal/limits.hpp"
#include "agent/journal/peer_rows.hpp"
#include "agent/journal/record_rows.hpp"
#include "agent/journal/statement.hpp"
#include "common/sql/prepared.hpp"

namespace fieldline::journal {
namespace {

// One that moved, then one that stands where it was accepted.
struct FindMoved : Statement {
  explicit FindMoved(soci::session& sql)
      : Statement(sql, "SELECT place, shelf, size FROM records WHERE number = ? AND epoch = ? AND node = ?") {
  }
};
struct FindOwn : Statement {
  explicit FindOwn(soci::session& sql)
      : Statement(sql,
                  "SELECT place, shelf, size FROM records WHERE place = ? AND epoch = ? AND node IS NULL AND "
                  "kind = 1") {}
};
struct OldestOf : Statement {
  explicit OldestOf(soci::session& sql)
      : Statement(sql, "SELECT at FROM records WHERE shelf = ? ORDER BY place LIMIT 1") {}
};

Result<std::int64_t> make_node(soci::session& sql, const MessageId& id) {
  if (const auto known = number_of_node(sql, id); known != 0) return known;
  Statement most(sql, "SELECT max(id) FROM nodes");
  const auto next = most.step() ? most.integer(0) + 1 : 1;
  if (next > kNodes) return fail(ErrorCode::kExhausted, "the journal has messages of too many nodes");
  Statement(sql, "INSERT INTO nodes VALUES (?, ?, ?)").bind(next).text(id.site).text(id.node).run();
  return next;
}

struct Live {
  Place place = 0;
  std::int64_t shelf = 0;
  std::int64_t size = 0;
};

std::optional<Live> find_live(soci::session& sql, const MessageId& id) {
  const auto node = number_of_node(sql, id);
  if (node == 0) return std::nullopt;
  const auto number = static_cast<std::int64_t>(id.sequence);
  const auto epoch = static_cast<std::int64_t>(id.epoch);
  const auto read = [](Statement& rows) {
    std::optional<Live> live;
    if (rows.step()) live = Live{rows.integer(0), rows.integer(1), rows.integer(2)};
    rows.reset();
    return live;
  };
  if (auto moved = read(sql::prepared<FindMoved>(sql).bind(number).bind(epoch).bind(node))) return moved;
  if (node != 1) return std::nullopt;
  return read(sql::prepared<FindOwn>(sql).bind(number).bind(epoch));
}

}  // namespace

Shelving::Shelving(soci::session& sql) : sql_(sql), before_(newest_place(sql)), next_(before_ + 1) {}

void Shelving::remove(Place place, std::int64_t shelf, std::int64_t size) {
  delete_row(sql_, place);
  if (shelf == 0) return;
  auto& lane = lanes_[std::abs(shelf)];
  (shelf > 0 ? lane.messages : lane.parked) -= 1;
  (shelf > 0 ? lane.bytes : lane.parked_bytes) -= size;
}

void Shelving::insert(const Arrival& message, std::int64_t node) {
  const auto& record = message.record;
  Row row;
  row.place = next_++;
  row.kind = record.kind;
  row.epoch = static_cast<std::int64_t>(record.id->epoch);
  const bool waits = record.kind == RecordKind::kMessage;
  row.shelf = waits ? message.shelf : -message.shelf;
  row.at = micros(record.at);
  row.node = node;
  row.number = static_cast<std::int64_t>(record.id->sequence);
  row.note = record.note;
  row.bytes = record.bytes;
  insert_row(sql_, row);
  auto& lane = lanes_[message.shelf];
  (waits ? lane.messages : lane.parked) += 1;
  (waits ? lane.bytes : lane.parked_bytes) += static_cast<std::int64_t>(record.bytes.size());
  if (waits) lane.newest = row.place;
}

Result<> Shelving::put(const Arrival& message) {
  const auto& id = *message.record.id;
  const auto node = make_node(sql_, id);
  if (!node) return fail(node.error());
  if (const auto live = find_live(sql_, id)) {
    remove(live->place, live->shelf, live->size);
  } else if (ending_of(sql_, id)) {
    const auto proof = select_proof(sql_, id);
    if (!proof) return fail(proof.error());
    ended_here_.push_back({{0, id, proof->ending, proof->at, proof->detail}, 0});
    return {};
  }
  insert(message, *node);
  return {};
}

Result<Fate> Shelving::adopt(const Arrival& arrival) {
  if (arrival.record.kind == RecordKind::kSettled) {
    if (auto ended = end(arrival.settled, arrival.record.epoch); !ended) return fail(ended.error());
    return Fate::kLive;
  }
  const auto& id = *arrival.record.id;
  if (find_live(sql_, id)) return Fate::kLive;
  if (const auto ending = ending_of(sql_, id)) {
    switch (*ending) {
      case Ending::kDelivered:
        return Fate::kDelivered;
      case Ending::kDiscarded:
        return Fate::kDiscarded;
      case Ending::kDropped:
        return Fate::kDropped;
    }
  }
  const auto node = make_node(sql_, id);
  if (!node) return fail(node.error());
  insert(arrival, *node);
  return Fate::kLive;
}

Result<> Shelving::end(const std::vector<Settlement>& settled, std::uint64_t epoch) {
  std::vector<Settled> news;
  for (const auto& one : settled) {
    if (auto node = make_node(sql_, one.id); !node) return fail(node.error());
    if (const auto live = find_live(sql_, one.id)) {
      remove(live->place, live->shelf, live->size);
      news.push_back({one, std::abs(live->shelf)});
    } else if (!ending_of(sql_, one.id)) {
      news.push_back({one, 0});
    }
  }
  next_ = insert_settled(sql_, next_, news, epoch);
  return {};
}

void Shelving::put_state(const Record& state) {
  const auto [name, bytes] = state_in(state.bytes);
  put_kept_row(sql_, {next_++, state.epoch, state.at, state.note, std::string(name), state.bytes});
}

void Shelving::forget(const Record& forgotten) {
  next_ = forget_kept_rows(sql_, next_, {0, forgotten.epoch, forgotten.at, forgotten.note, {}, {}});
}

void Shelving::tell_ended() {
  next_ = insert_settled(sql_, next_, std::exchange(ended_here_, {}), select_epoch(sql_));
}

void Shelving::close(std::int64_t at, std::uint64_t epoch) {
  Row row;
  row.place = next_++;
  row.kind = RecordKind::kOpened;
  row.epoch = static_cast<std::int64_t>(epoch);
  row.at = at;
  row.bytes = "\x80";
  insert_row(sql_, row);
}

LaneChanges Shelving::changes() const {
  LaneChanges changes;
  for (const auto& [shelf, lane] : lanes_) {
    auto change = lane;
    auto& oldest = sql::prepared<OldestOf>(sql_);
    if (oldest.bind(shelf).step()) change.oldest = Timestamp(Duration(oldest.integer(0)));
    oldest.reset();
    changes[target_of(sql_, shelf).value_or("")] = change;
  }
  return changes;
}

std::vector<Record> select_messages(soci::session& sql, const std::vector<MessageId>& ids) {
  std::vector<Record> found;
  const auto nodes = select_nodes(sql);
  Statement rows(sql, row_query("place = ?").c_str());
  std::size_t bytes = 0;
  for (const auto& id : ids) {
    if (bytes > kRecordBytes) break;
    const auto live = find_live(sql, id);
    if (!live || !rows.bind(live->place).step()) continue;
    if (const auto row = row_at(rows); is_sound(row)) {
      bytes += row.bytes.size() + row.note.size();
      found.push_back(record_of(row, nodes));
    }
    rows.reset();
  }
  return found;
}

}  // namespace fieldline::journal
