// A secret at rest: a file of mode 0600 that is there whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace fieldline::security {

// Replaces what was there. Durable once it returns.
Result<> write_secret_file(const std::string& path, std::string_view content);

}  // namespace fieldline::security
