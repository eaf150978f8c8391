#include "coordinator/audit_command.hpp"

#include <fmt/format.h>

#include <ostream>

#include "common/sql/guard.hpp"
#include "common/sql/session.hpp"
#include "coordinator/audit/verify.hpp"
#include "coordinator/database/audit_records.hpp"

namespace fieldline::coordinator {
namespace {

struct Findings {
  audit::Verdict verdict;
  std::optional<audit::Head> kept;
};

Result<Findings> look(const Settings& settings) {
  const auto key_file = audit_key_file(settings);
  const auto key = audit::Key::load(key_file);
  if (!key) return fail(key.error());
  // Before the entries: what is added meanwhile is no fault.
  auto kept = audit::read_head(audit::head_file(key_file));
  if (!kept) return fail(std::move(kept.error()));
  auto session = sql::Session::open(database_address(settings), sql::Access::kReadOnly);
  if (!session) return fail(std::move(session.error()));
  if (auto begun = session->begin(sql::Transaction::kSnapshot); !begun) return fail(std::move(begun.error()));
  auto verdict = audit::verify(*key, *kept, [&](const auto& visit) -> Result<> {
    return sql::guard(session->name(), [&] { database::AuditRecords::each(session->soci(), visit); });
  });
  if (!verdict) return fail(std::move(verdict.error()));
  return Findings{std::move(*verdict), std::move(*kept)};
}

}  // namespace

int verify_audit(const Settings& settings, std::ostream& out, std::ostream& err) {
  const auto found = look(settings);
  if (!found) {
    err << "the audit log can't be verified: " << found.error().describe() << '\n';
    return 1;
  }
  const auto& [verdict, kept] = *found;
  if (const auto& fault = verdict.fault) {
    err << fmt::format(
        "the audit log is broken at entry {} ({} {}): {}: {}; the {} entries before are sound\n",
        fault->sequence,
        fault->kind == audit::FaultKind::kMissing || fault->kind == audit::FaultKind::kTruncated ? "after"
                                                                                                 : "of",
        format_rfc3339(fault->time), name(fault->kind), fault->message, verdict.entries);
    return 1;
  }
  out << fmt::format("the audit log is sound: {} entries, the last {}\n", verdict.entries,
                     verdict.last.mac.empty() ? "none" : verdict.last.mac);
  const auto known = kept ? kept->sequence : 0;
  if (known < verdict.last.sequence)
    out << fmt::format("{} knows {} of them: whether more were cut off after that can't be seen\n",
                       audit::head_file(audit_key_file(settings)).string(), known);
  return 0;
}

}  // namespace fieldline::coordinator
