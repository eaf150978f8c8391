// Looks for the first entry of the log that is not as it was written. Pure but for the walk over the
// entries.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>

#include "common/model/fields.hpp"
#include "coordinator/audit/chain.hpp"

namespace fieldline::audit {

enum class FaultKind { kChanged, kMissing, kInserted, kReordered, kTruncated };

}  // namespace fieldline::audit

template <>
inline constexpr std::array fieldline::kEnumNames<fieldline::audit::FaultKind> =
    std::to_array<std::string_view>({"changed", "missing", "inserted", "reordered", "truncated"});

namespace fieldline::audit {

struct Fault {
  FaultKind kind = FaultKind::kChanged;
  std::int64_t sequence = 0;  // of the entry, or of the first that is not there
  Timestamp time{};           // of the entry, or of the one before the hole
  std::string message;
};

struct Verdict {
  std::int64_t entries = 0;  // sound ones, up to the fault
  Head last;                 // of these
  std::optional<Fault> fault;
};

// Calls `visit` with every entry by rising sequence until that says false.
using Walk = std::function<Result<>(const std::function<bool(const Entry&)>& visit)>;

// `kept`: what the head file said before the walk; empty: there is none. `walk` is asked twice at most.
Result<Verdict> verify(const Key& key, const std::optional<Head>& kept, const Walk& walk);

}  // namespace fieldline::audit
