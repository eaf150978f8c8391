// The line from the centre to the process of its sites, and what both read of the system.
#pragma once

#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "common/base/check.hpp"

namespace fieldline::bench {

inline void say(const std::vector<int>& fds, const std::string& text) {
  for (const int fd : fds) {
    FIELDLINE_CHECK(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
}

inline void say(const std::vector<int>& fds, char command) {
  say(fds, std::string(1, command));
}

inline char hear(int fd) {
  char command = 0;
  FIELDLINE_CHECK(::read(fd, &command, 1) == 1);
  return command;
}

inline std::string hear_line(int fd) {
  std::string line;
  for (char c = hear(fd); c != '\n'; c = hear(fd)) line += c;
  return line;
}

inline double resident_kib() {
  std::ifstream statm("/proc/self/statm");
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1024;
}

}  // namespace fieldline::bench
