// `fieldline-coordinator audit verify`: is the audit log as it was written? Reads only, beside a running
// coordinator or without one.
#pragma once

#include <iosfwd>

#include "coordinator/settings.hpp"

namespace fieldline::coordinator {

// The code to exit with, after all has been said on the streams: 0 when the log is sound, else 1.
int verify_audit(const Settings& settings, std::ostream& out, std::ostream& err);

}  // namespace fieldline::coordinator
