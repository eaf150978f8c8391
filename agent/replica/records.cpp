#include "agent/replica/records.hpp"

#include "agent/replica/limits.hpp"

namespace fieldline::replica {

Packed pack(const std::vector<journal::Record>& records) {
  Packed packed;
  packed.heads.reserve(records.size());
  for (const auto& record : records) {
    packed.heads.push_back({record.at, record.crc, record.epoch, record.id,
                            static_cast<std::uint8_t>(record.kind), record.note, record.place,
                            static_cast<std::uint32_t>(record.bytes.size())});
    packed.bytes += record.bytes;
  }
  return packed;
}

namespace {

Failure malformed(std::string why) {
  return fail(ErrorCode::kInvalid, std::move(why), "malformed");
}

Result<std::vector<journal::Record>> cut(const std::vector<RecordHead>& heads, std::string_view bytes) {
  if (heads.size() > kBatchRecords) return malformed("too many records");
  std::vector<journal::Record> records;
  records.reserve(heads.size());
  for (const auto& head : heads) {
    if (head.kind > static_cast<std::uint8_t>(journal::RecordKind::kForgotten))
      return malformed("a kind of record that is not known here");
    if (head.size > bytes.size()) return malformed("records without their bytes");
    records.push_back({head.place, static_cast<journal::RecordKind>(head.kind), head.epoch, head.at, head.id,
                       head.note, head.crc, std::string(bytes.substr(0, head.size))});
    bytes.remove_prefix(head.size);
  }
  if (!bytes.empty()) return malformed("bytes of no record");
  return records;
}

}  // namespace

Result<std::vector<journal::Record>> unpack(const std::vector<RecordHead>& heads, std::string_view bytes,
                                            journal::Place from, journal::Place through) {
  if (from < 0 || through < from) return malformed("no such range of records");
  auto last = from;
  for (const auto& head : heads) {
    if (head.place <= last || head.place > through) return malformed("records out of order");
    last = head.place;
  }
  return cut(heads, bytes);
}

Result<std::vector<journal::Record>> unpack_offer(const std::vector<RecordHead>& heads,
                                                  std::string_view bytes) {
  using journal::RecordKind;
  auto records = cut(heads, bytes);
  if (!records) return records;
  for (const auto& [place, kind, epoch, at, id, note, crc, content] : *records) {
    const bool is_message = kind == RecordKind::kMessage || kind == RecordKind::kParked;
    if (is_message != id.has_value() || (!is_message && kind != RecordKind::kSettled))
      return malformed("a record that nobody offers");
  }
  return records;
}

}  // namespace fieldline::replica
