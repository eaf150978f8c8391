#include "common/net/descriptors.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include "common/base/check.hpp"

namespace fieldline::net {

Result<> reserve_descriptors(std::size_t count) {
  rlimit limit{};
  FIELDLINE_CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  if (limit.rlim_cur >= count) return {};
  if (limit.rlim_max < count) {
    return fail(ErrorCode::kExhausted,
                fmt::format("{} file descriptors are needed and {} allowed; raise LimitNOFILE in the service "
                            "unit, or ulimit -Hn",
                            count, limit.rlim_max));
  }
  limit.rlim_cur = count;
  FIELDLINE_CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  return {};
}

}  // namespace fieldline::net
