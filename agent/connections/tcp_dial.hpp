// Opens a TCP connection within a time limit. Blocking; give up early through `interrupt`.
#pragma once

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/model/connection_options.hpp"

namespace fieldline::connections {

// A connected, non-blocking socket that the caller closes. All addresses of a name share `timeout`;
// looking the name up may take longer, as resolv.conf says. `interrupt` is a descriptor that becomes
// readable when the caller no longer wants the connection.
Result<int> dial(const Endpoint& endpoint, Duration timeout, int interrupt);

}  // namespace fieldline::connections
