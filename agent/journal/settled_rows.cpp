#include "agent/journal/settled_rows.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "agent/journal/limits.hpp"
#include "agent/journal/record_rows.hpp"
#include "agent/journal/statement.hpp"
#include "common/sql/prepared.hpp"
#include "common/wire/codec.hpp"

namespace fieldline::journal {
namespace {

// As the record of settled messages holds each.
struct SettledForm {
  Timestamp at{};
  std::string detail;
  Ending ending = Ending::kDelivered;
  MessageId id;

  static constexpr auto fields =
      fields_in_order(required("at", &SettledForm::at), defaulted("detail", &SettledForm::detail),
                      required("ending", &SettledForm::ending), required("id", &SettledForm::id));
};

struct InsertProof : Statement {
  explicit InsertProof(soci::session& sql)
      : Statement(sql,
                  "INSERT INTO proofs (number, epoch, node, at, ending, shelf, detail) "
                  "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING") {}
};
// The shelf too, so that what became of it meanwhile is never touched.
struct TakeRow : Statement {
  explicit TakeRow(soci::session& sql)
      : Statement(sql, "DELETE FROM records WHERE place = ? AND shelf > 0 RETURNING shelf") {}
};

std::int64_t number_of(soci::session& sql, const MessageId& id) {
  Statement known(sql, "SELECT id FROM nodes WHERE site = ? AND node = ?");
  return known.text(id.site).text(id.node).step() ? known.integer(0) : 0;
}

// The oldest have the lowest numbers, near enough.
void prune_proofs(soci::session& sql, Timestamp now) {
  Statement many(sql, "SELECT count(*) FROM proofs");
  const std::int64_t surplus = many.step() ? many.integer(0) - kProofs : 0;
  Statement purge(sql,
                  "DELETE FROM proofs WHERE (number, epoch, node) IN (SELECT number, epoch, node FROM "
                  "(SELECT number, epoch, node, at, row_number() OVER (ORDER BY number, epoch, node) AS rank "
                  "FROM proofs ORDER BY number, epoch, node LIMIT ?) WHERE at < ? OR rank <= ?)");
  purge.bind(kPruneRows).bind(micros(now - kProofAge)).bind(surplus).run();
}

void prune_marks(soci::session& sql) {
  Statement last(sql, "SELECT place FROM records WHERE shelf IS NULL ORDER BY place DESC LIMIT 1 OFFSET ?");
  if (!last.bind(kMarks).step()) return;
  const auto through = last.integer(0);
  last.reset();
  Statement purge(sql,
                  "DELETE FROM records WHERE place IN (SELECT place FROM records WHERE shelf IS NULL AND "
                  "place <= ? ORDER BY place LIMIT ?)");
  purge.bind(through).bind(kPruneRows).run();
  if (purge.changed() == 0) return;
  Statement(sql, "UPDATE node SET pruned = max(pruned, ?)").bind(through).run();
}

}  // namespace

// A journal begins at the milliseconds of its first day, not at one: a node that lost its disk then gives no
// id a second time, as long as it accepted fewer than a thousand messages a second on average.
Result<> open_rows(soci::session& sql, const NodeName& self, Timestamp now) {
  Statement known(sql, "SELECT site, node FROM nodes WHERE id = 1");
  if (known.step()) {
    if (known.bytes(0) == self.site && known.bytes(1) == self.node) return {};
    return fail(ErrorCode::kConflict,
                fmt::format("the journal is that of {}/{}", known.bytes(0), known.bytes(1)));
  }
  Statement(sql, "INSERT INTO nodes VALUES (1, ?, ?)").text(self.site).text(self.node).run();
  Statement(sql, "INSERT INTO node VALUES (1, 1, 0)").run();
  Row first;
  first.place = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  first.kind = RecordKind::kOpened;
  first.epoch = 1;
  first.at = micros(now);
  first.bytes = "\x80";
  insert_row(sql, first);
  return {};
}

std::uint64_t select_epoch(soci::session& sql) {
  Statement epoch(sql, "SELECT epoch FROM node");
  return epoch.step() ? static_cast<std::uint64_t>(epoch.integer(0)) : 1;
}

void update_epoch(soci::session& sql, std::uint64_t epoch) {
  Statement(sql, "UPDATE node SET epoch = max(epoch, ?)").bind(static_cast<std::int64_t>(epoch)).run();
}

void insert_settled(soci::session& sql, Place place, const std::vector<Settled>& settled,
                    std::uint64_t epoch) {
  if (settled.empty()) return;
  std::vector<SettledForm> forms;
  forms.reserve(settled.size());
  auto& proof = sql::prepared<InsertProof>(sql);
  const MessageId* known = nullptr;
  std::int64_t node = 0;
  for (const auto& [settlement, shelf] : settled) {
    const auto& [was, id, ending, at, detail] = settlement;
    if (known == nullptr || known->node != id.node || known->site != id.site) node = number_of(sql, id);
    known = &id;
    forms.push_back({at, detail, ending, id});
    proof.bind(static_cast<std::int64_t>(id.sequence)).bind(static_cast<std::int64_t>(id.epoch)).bind(node);
    proof.bind(micros(at)).bind(static_cast<std::int64_t>(ending)).bind(shelf).text(detail).run();
  }
  const auto bytes = wire::encode(forms);
  Row record;
  record.place = place;
  record.kind = RecordKind::kSettled;
  record.epoch = static_cast<std::int64_t>(epoch);
  record.at = micros(settled.back().settlement.at);
  record.bytes = bytes;
  insert_row(sql, record);
}

Result<> write_settled(soci::session& sql, const std::vector<Settlement>& settlements, std::uint64_t epoch) {
  const auto place = newest_place(sql) + 1;
  std::vector<Settled> settled;
  settled.reserve(settlements.size());
  auto& take = sql::prepared<TakeRow>(sql);
  for (const auto& settlement : settlements) {
    if (!take.bind(settlement.place).step()) continue;
    settled.push_back({settlement, take.integer(0)});
    take.run();
  }
  insert_settled(sql, place, settled, epoch);
  return {};
}

Result<Proof> select_proof(soci::session& sql, const MessageId& id) {
  Statement proof(sql,
                  "SELECT at, ending, shelf, detail FROM proofs WHERE number = ? AND epoch = ? AND node = ?");
  proof.bind(static_cast<std::int64_t>(id.sequence)).bind(static_cast<std::int64_t>(id.epoch));
  if (!proof.bind(number_of(sql, id)).step())
    return fail(ErrorCode::kNotFound, "no proof of this message is kept");
  return Proof{Timestamp(Duration(proof.integer(0))), std::string(proof.bytes(3)),
               static_cast<Ending>(proof.integer(1)), target_of(sql, proof.integer(2)).value_or("")};
}

void prune_rows(soci::session& sql, Timestamp now) {
  prune_proofs(sql, now);
  prune_marks(sql);
}

}  // namespace fieldline::journal
