// What an entry of the audit log says. Plain values.
#pragma once

#include <string>
#include <string_view>

#include "common/model/json.hpp"
#include "coordinator/database/audit_entry.hpp"

namespace fieldline::audit {

using Entry = database::AuditEntry;
using Query = database::AuditQuery;
using Place = database::AuditPlace;

// Kinds of who did it, beside those of principals.
inline constexpr std::string_view kAnonymous = "anonymous";
inline constexpr std::string_view kCoordinator = "coordinator";
// The result of a request that a crash cut off.
inline constexpr std::string_view kUnknown = "unknown";

// Adds to the details of the entry; what is over the limit is left out, and said so.
void add_details(Entry& entry, const Json& details);
// Cuts every text at its limit, and at a whole character.
void bound(Entry& entry);
// As the API shows it.
Json shown(const Entry& entry);

}  // namespace fieldline::audit
