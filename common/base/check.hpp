// Checks for bugs. They stay in release builds: a daemon that has lost its invariants stops
// loudly and is restarted, rather than going on with a false picture of the plant.
#pragma once

namespace fieldline {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace fieldline

#define FIELDLINE_CHECK(condition) \
  (static_cast<bool>(condition) ? void() : ::fieldline::check_failed(#condition, __FILE__, __LINE__))

#define FIELDLINE_UNREACHABLE() ::fieldline::check_failed("unreachable", __FILE__, __LINE__)

#ifdef NDEBUG
#define FIELDLINE_DCHECK(condition) static_cast<void>(0)
#else
#define FIELDLINE_DCHECK(condition) FIELDLINE_CHECK(condition)
#endif
