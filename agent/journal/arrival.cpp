#include "agent/journal/arrival.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "agent/journal/crc32c.hpp"
#include "agent/journal/limits.hpp"
#include "agent/journal/settled_rows.hpp"
#include "common/base/utf8.hpp"
#include "common/model/lease.hpp"
#include "common/wire/outbox.hpp"

namespace fieldline::journal {
namespace {

constexpr std::uint64_t kMostSequence = std::uint64_t{1} << 62;

Failure unfit(const Record& record, std::string_view why) {
  return fail(ErrorCode::kInvalid, fmt::format("the other node's record {} {}", record.place, why));
}

bool is_message(const Record& record) {
  return record.kind == RecordKind::kMessage || record.kind == RecordKind::kParked;
}

Result<> check_id(const MessageId& id, const std::string& site) {
  if (id.site == site && !id.node.empty() && id.node.size() <= kNodeName && id.epoch <= kMaxEpoch &&
      id.sequence > 0 && id.sequence <= kMostSequence)
    return {};
  return fail(ErrorCode::kInvalid, "that is no id of this site");
}

Result<> open_message(Arrival& arrival, const std::string& site) {
  const auto& record = arrival.record;
  if (!record.id || !check_id(*record.id, site)) return unfit(record, "has no id of this site");
  auto message = wire::unpack_message(record.bytes);
  if (!message) return unfit(record, "holds no message: " + message.error().message);
  arrival.target = std::move(message->target);
  return {};
}

Result<> open_settled(Arrival& arrival, const std::string& site) {
  auto settled = read_settled(arrival.record.bytes);
  if (!settled) return unfit(arrival.record, "does not say what ended: " + settled.error().message);
  for (const auto& one : *settled) {
    if (!check_id(one.id, site)) return unfit(arrival.record, "names a message of another site");
  }
  arrival.settled = std::move(*settled);
  return {};
}

Result<> open(Arrival& arrival, const std::string& site) {
  const auto& record = arrival.record;
  if (record.crc != check_of(record)) return unfit(record, "is damaged");
  const bool fits = record.bytes.size() + record.note.size() <= kRecordBytes && record.epoch <= kMaxEpoch &&
                    is_utf8(record.note);
  if (!fits) return unfit(record, "is over the limits");
  switch (record.kind) {
    case RecordKind::kOpened:
    case RecordKind::kForgotten:
      return {};
    case RecordKind::kMessage:
    case RecordKind::kParked:
      return open_message(arrival, site);
    case RecordKind::kSettled:
      return open_settled(arrival, site);
    case RecordKind::kState:
      if (record.bytes.find('\0') == std::string::npos) return unfit(record, "holds no state");
      return {};
  }
  return unfit(record, "is of no kind that is known here");
}

}  // namespace

std::uint32_t check_of(const Record& record) {
  std::array<char, 33> head{};
  std::size_t at = 0;
  const auto put = [&](std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i, value >>= 8) head[at++] = static_cast<char>(value & 0xFF);
  };
  put(static_cast<std::uint64_t>(record.kind), 1);
  put(static_cast<std::uint64_t>(record.place), 8);
  put(record.epoch, 8);
  put(static_cast<std::uint64_t>(micros(record.at)), 8);
  put(record.note.size(), 4);
  put(record.bytes.size(), 4);
  auto check = crc32c({head.data(), head.size()});
  if (record.id) check = crc32c(record.id->text(), check);
  return crc32c(record.bytes, crc32c(record.note, check));
}

Result<std::vector<Arrival>> examine(std::vector<Record> records, const std::string& site) {
  std::vector<Arrival> arrivals;
  arrivals.reserve(records.size());
  for (auto& record : records) {
    auto& arrival = arrivals.emplace_back(Arrival{std::move(record), {}, 0, {}});
    if (auto opened = open(arrival, site); !opened) return fail(std::move(opened.error()));
  }
  return arrivals;
}

Result<std::vector<Arrival>> examine_messages(std::vector<Record> records, const std::string& site) {
  for (const auto& record : records) {
    if (!is_message(record)) return unfit(record, "is no message");
  }
  return examine(std::move(records), site);
}

Result<std::vector<Arrival>> examine_tail(std::vector<Record> records, const std::string& site) {
  for (const auto& record : records) {
    if (!is_message(record) && record.kind != RecordKind::kSettled)
      return unfit(record, "is no message, nor does it end any");
  }
  return examine(std::move(records), site);
}

std::pair<std::string_view, std::string_view> state_in(std::string_view bytes) {
  const auto end = bytes.find('\0');
  return {bytes.substr(0, end), bytes.substr(end + 1)};
}

}  // namespace fieldline::journal
