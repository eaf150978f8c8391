#include "agent/journal/settled_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "agent/journal/limits.hpp"
#include "agent/journal/peer_rows.hpp"
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

// Of one of them as bytes, beside its texts: names, numbers, a time.
constexpr std::size_t kSettledForm = 120;

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

struct SelectEnding : Statement {
  explicit SelectEnding(soci::session& sql)
      : Statement(sql, "SELECT ending FROM proofs WHERE number = ? AND epoch = ? AND node = ?") {}
};
struct SelectNode : Statement {
  explicit SelectNode(soci::session& sql)
      : Statement(sql, "SELECT id FROM nodes WHERE site = ? AND node = ?") {}
};

// A journal begins at the milliseconds of its first day, not at one: a node that lost its disk then gives no
// id a second time, as long as it accepted fewer than a thousand messages a second on average. One that lost
// the end of it skips what may have stood there.
Place insert_opened(soci::session& sql, Place after, std::uint64_t epoch, Timestamp now) {
  const auto today = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  Row first;
  first.place = std::max<Place>(after + kSkipped, today);
  first.kind = RecordKind::kOpened;
  first.epoch = static_cast<std::int64_t>(epoch);
  first.at = micros(now);
  first.bytes = "\x80";
  insert_row(sql, first);
  return first.place;
}

}  // namespace

std::int64_t number_of_node(soci::session& sql, const MessageId& id) {
  auto& known = sql::prepared<SelectNode>(sql);
  const auto number = known.text(id.site).text(id.node).step() ? known.integer(0) : 0;
  known.reset();
  return number;
}

std::optional<Ending> ending_of(soci::session& sql, const MessageId& id) {
  auto& known = sql::prepared<SelectEnding>(sql);
  known.bind(static_cast<std::int64_t>(id.sequence)).bind(static_cast<std::int64_t>(id.epoch));
  std::optional<Ending> ending;
  if (known.bind(number_of_node(sql, id)).step()) ending = static_cast<Ending>(known.integer(0));
  known.reset();
  return ending;
}

Result<std::vector<Settlement>> read_settled(std::string_view bytes) {
  auto forms = wire::decode<std::vector<SettledForm>>(bytes);
  if (!forms) return fail(std::move(forms.error()));
  std::vector<Settlement> settled;
  settled.reserve(forms->size());
  for (auto& form : *forms)
    settled.push_back({0, std::move(form.id), form.ending, form.at, std::move(form.detail)});
  return settled;
}

Result<> open_rows(soci::session& sql, const NodeName& self, const std::string& journal, Timestamp now) {
  Statement(sql, "UPDATE node SET journal = ? WHERE journal = ''").text(journal).run();
  Statement known(sql, "SELECT site, node FROM nodes WHERE id = 1");
  if (known.step()) {
    if (known.bytes(0) == self.site && known.bytes(1) == self.node) return {};
    return fail(ErrorCode::kConflict,
                fmt::format("the journal is that of {}/{}", known.bytes(0), known.bytes(1)));
  }
  Statement(sql, "INSERT INTO nodes VALUES (1, ?, ?)").text(self.site).text(self.node).run();
  Statement(sql, "INSERT INTO node VALUES (1, 1, 0, ?)").text(journal).run();
  auto peer = select_peer(sql);
  peer.applied = insert_opened(sql, 0, 1, now);  // nothing that this node wrote
  update_peer(sql, peer);
  return {};
}

void rename_rows(soci::session& sql, Timestamp now) {
  auto [newest, peer] = select_standing(sql);
  if (newest == 0) return;  // a new one anyway
  Statement(sql, "UPDATE node SET journal = ''").run();
  if (newest != peer.applied) peer.wrote = newest;
  if (newest != peer.applied || peer.swept) peer.reach = {};
  peer.swept.reset();
  peer.former = peer.acked = peer.level = 0;
  peer.applied = insert_opened(sql, newest, select_epoch(sql), now);
  update_peer(sql, peer);
}

std::uint64_t select_epoch(soci::session& sql) {
  Statement epoch(sql, "SELECT epoch FROM node");
  return epoch.step() ? static_cast<std::uint64_t>(epoch.integer(0)) : 1;
}

void update_epoch(soci::session& sql, std::uint64_t epoch) {
  Statement(sql, "UPDATE node SET epoch = max(epoch, ?)").bind(static_cast<std::int64_t>(epoch)).run();
  auto peer = select_peer(sql);
  peer.wrote = newest_place(sql);
  update_peer(sql, peer);
}

std::string select_journal(soci::session& sql) {
  Statement journal(sql, "SELECT journal FROM node");
  return journal.step() ? std::string(journal.bytes(0)) : std::string();
}

Place insert_settled(soci::session& sql, Place place, const std::vector<Settled>& settled,
                     std::uint64_t epoch) {
  std::vector<SettledForm> forms;
  std::size_t bytes = 0;
  const auto write_record = [&] {
    const auto packed = wire::encode(std::exchange(forms, {}));
    Row record;
    record.place = place++;
    record.kind = RecordKind::kSettled;
    record.epoch = static_cast<std::int64_t>(epoch);
    record.at = micros(settled.back().settlement.at);
    record.bytes = packed;
    insert_row(sql, record);
    bytes = 0;
  };
  auto& proof = sql::prepared<InsertProof>(sql);
  const MessageId* known = nullptr;
  std::int64_t node = 0;
  for (const auto& [settlement, shelf] : settled) {
    const auto& [was, id, ending, at, detail] = settlement;
    const auto size = detail.size() + id.node.size() + id.site.size() + kSettledForm;
    if (!forms.empty() && bytes + size > kMessageBytes) write_record();
    bytes += size;
    if (known == nullptr || known->node != id.node || known->site != id.site) node = number_of_node(sql, id);
    known = &id;
    forms.push_back({at, detail, ending, id});
    proof.bind(static_cast<std::int64_t>(id.sequence)).bind(static_cast<std::int64_t>(id.epoch)).bind(node);
    proof.bind(micros(at)).bind(static_cast<std::int64_t>(ending)).bind(shelf).text(detail).run();
  }
  if (!forms.empty()) write_record();
  return place;
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
  if (!proof.bind(number_of_node(sql, id)).step())
    return fail(ErrorCode::kNotFound, "no proof of this message is kept");
  return Proof{Timestamp(Duration(proof.integer(0))), std::string(proof.bytes(3)),
               static_cast<Ending>(proof.integer(1)), target_of(sql, proof.integer(2)).value_or("")};
}

void prune_rows(soci::session& sql, Timestamp now) {
  prune_proofs(sql, now);
  prune_marks(sql);
}

}  // namespace fieldline::journal
