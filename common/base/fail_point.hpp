// Named places at which tests kill the process, as kill -9 and a power cut would. With
// FIELDLINE_FAIL_POINT=order.staged:3 in the environment it dies the third time that it gets there.
// Release builds have none. Any thread.
#pragma once

#include <string_view>

namespace fieldline {

#ifdef NDEBUG
inline void fail_point(std::string_view) {}
#else
void fail_point(std::string_view name);
#endif

}  // namespace fieldline
