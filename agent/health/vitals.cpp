#include "agent/health/vitals.hpp"

#include <sys/statvfs.h>
#include <unistd.h>

#include <fstream>

namespace fieldline::health {

Vitals read_vitals(const std::filesystem::path& path) {
  Vitals vitals;
  struct statvfs disk {};
  if (statvfs(path.c_str(), &disk) == 0) {
    vitals.disk_free = static_cast<std::int64_t>(disk.f_bavail) * static_cast<std::int64_t>(disk.f_frsize);
  }
  std::ifstream statm("/proc/self/statm");  // proc(5): total and resident pages first
  std::int64_t total = 0;
  std::int64_t resident = 0;
  if (statm >> total >> resident) vitals.memory = resident * sysconf(_SC_PAGESIZE);
  return vitals;
}

}  // namespace fieldline::health
