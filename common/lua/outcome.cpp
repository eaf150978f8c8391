#include "common/lua/outcome.hpp"

#include "common/base/check.hpp"

namespace fieldline::lua {

std::string_view name(FailureKind kind) {
  switch (kind) {
    case FailureKind::kError:
      return "error";
    case FailureKind::kTime:
      return "time";
    case FailureKind::kMemory:
      return "memory";
  }
  FIELDLINE_UNREACHABLE();
}

}  // namespace fieldline::lua
