#include "coordinator/audit/verify.hpp"

#include <fmt/format.h>

namespace fieldline::audit {
namespace {

// The first entry that does not follow from those before, and the one after it.
struct Break {
  Entry entry;
  std::optional<Entry> next;
};

class Verifier {
 public:
  Verifier(const Key& key, const std::optional<Head>& kept, const Walk& walk)
      : key_(key), kept_(kept), walk_(walk) {}

  Result<Verdict> run() {
    if (auto walked = walk_([this](const Entry& entry) { return take(entry); }); !walked)
      return fail(std::move(walked.error()));
    if (!break_) {
      if (!verdict_.fault) verdict_.fault = judge_end();
      return std::move(verdict_);
    }
    auto fault = judge();
    if (!fault) return fail(std::move(fault.error()));
    verdict_.fault = std::move(*fault);
    return std::move(verdict_);
  }

 private:
  // Would `entry` be genuine with that sequence, after the entry with the code `previous`?
  [[nodiscard]] bool follows(const std::string& previous, const Entry& entry, std::int64_t sequence) const {
    auto placed = entry;
    placed.sequence = sequence;
    return key_.mac(previous, placed) == entry.mac;
  }

  bool take(const Entry& entry) {
    if (break_) {
      break_->next = entry;
      return false;
    }
    if (entry.sequence != expected() || !follows(verdict_.last.mac, entry, entry.sequence)) {
      break_ = Break{entry, std::nullopt};
      return true;
    }
    verdict_.last = {entry.sequence, entry.mac};
    ++verdict_.entries;
    last_time_ = entry.time;
    if (!kept_ || kept_->sequence != entry.sequence || kept_->mac == entry.mac) return true;
    verdict_.fault = fault(FaultKind::kChanged, entry, "the file with the end of the log knows another one");
    return false;
  }

  [[nodiscard]] std::int64_t expected() const { return verdict_.last.sequence + 1; }
  // Did the log, as far as the head file knows, end before the broken entry?
  [[nodiscard]] bool beyond_the_end() const { return kept_ && kept_->sequence < expected(); }

  static Fault fault(FaultKind kind, const Entry& entry, std::string message) {
    return {kind, entry.sequence, entry.time, std::move(message)};
  }

  Result<Fault> judge() const {
    const auto& [entry, next] = *break_;
    const bool continued =
        next && next->sequence == entry.sequence + 1 && follows(entry.mac, *next, next->sequence);
    if (entry.sequence < expected()) return fault(FaultKind::kInserted, entry, "no log begins so");
    if (entry.sequence > expected()) {
      if (!continued && beyond_the_end()) return inserted(entry);
      return hole(entry);
    }
    if (continued) return fault(FaultKind::kChanged, entry, "its fields are not those that were recorded");
    const auto place = origin(entry);
    if (!place) return fail(place.error());
    if (place->still_there) return inserted(entry);
    if (place->sequence != 0)
      return fault(FaultKind::kReordered, entry, fmt::format("it was recorded as entry {}", place->sequence));
    if (next ? follows(verdict_.last.mac, *next, expected()) : beyond_the_end()) return inserted(entry);
    if (closed_up())
      return fault(FaultKind::kMissing, entry, "entries before it were deleted, and it was renumbered");
    return fault(FaultKind::kChanged, entry, "its fields or its code are not those that were recorded");
  }

  static Fault inserted(const Entry& entry) {
    return fault(FaultKind::kInserted, entry, "the coordinator never recorded it");
  }

  [[nodiscard]] Fault hole(const Entry& after) const {
    const auto last = after.sequence - 1;
    return {FaultKind::kMissing, expected(), last_time_,
            expected() == last
                ? fmt::format("it is gone; the next is {} of {}", after.sequence, format_rfc3339(after.time))
                : fmt::format("entries {} to {} are gone; the next is of {}", expected(), last,
                              format_rfc3339(after.time))};
  }

  // Were the entries after a deleted one renumbered? Its code is gone, so only what follows can tell.
  [[nodiscard]] bool closed_up() const {
    const auto& [entry, next] = *break_;
    if (next) return follows(entry.mac, *next, next->sequence + 1);
    return kept_ && kept_->sequence > entry.sequence && kept_->mac == entry.mac;
  }

  struct Origin {
    std::int64_t sequence = 0;  // 0: nowhere
    bool still_there = false;   // it was copied, not moved
  };

  // Where the broken entry was recorded, when it is genuine. Two neighbours that changed places have each
  // other's sequence.
  [[nodiscard]] Result<Origin> origin(const Entry& entry) const {
    Origin found{follows("", entry, 1) ? 1 : 0, false};
    auto walked = walk_([&](const Entry& at) {
      if (found.sequence != 0) {
        found.still_there = found.still_there || (at.sequence == found.sequence && at.mac == entry.mac);
        return at.sequence < found.sequence;
      }
      for (const auto sequence : {at.sequence, at.sequence + 1}) {
        if (found.sequence == 0 && follows(at.mac, entry, sequence)) found.sequence = sequence;
      }
      return true;
    });
    if (!walked) return fail(std::move(walked.error()));
    return found;
  }

  [[nodiscard]] std::optional<Fault> judge_end() const {
    const auto last = verdict_.last.sequence;
    if (!kept_ && verdict_.entries > 0)
      return Fault{FaultKind::kTruncated, last + 1, last_time_,
                   "the file with the end of the log is gone, so entries may be too"};
    if (kept_ && kept_->sequence > last)
      return Fault{FaultKind::kTruncated, last + 1, last_time_,
                   fmt::format("the log went on to entry {}", kept_->sequence)};
    return std::nullopt;
  }

  const Key& key_;
  const std::optional<Head>& kept_;
  const Walk& walk_;
  Verdict verdict_;
  Timestamp last_time_{};
  std::optional<Break> break_;
};

}  // namespace

Result<Verdict> verify(const Key& key, const std::optional<Head>& kept, const Walk& walk) {
  return Verifier(key, kept, walk).run();
}

}  // namespace fieldline::audit
