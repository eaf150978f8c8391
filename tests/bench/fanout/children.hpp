// Processes that a benchmark starts, so that the memory of each is its own, and pipes between them.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>

#include "common/base/check.hpp"

namespace fieldline::bench {

// Runs `work` in a process of its own and returns its pid.
inline pid_t in_child(const std::function<void()>& work) {
  const auto pid = fork();
  FIELDLINE_CHECK(pid >= 0);
  if (pid == 0) {
    work();
    _exit(0);
  }
  return pid;
}

inline void reap(pid_t pid) {
  int status = 0;
  FIELDLINE_CHECK(waitpid(pid, &status, 0) == pid);
  FIELDLINE_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

inline std::array<int, 2> new_pipe() {
  std::array<int, 2> ends{};
  FIELDLINE_CHECK(pipe(ends.data()) == 0);
  return ends;
}

}  // namespace fieldline::bench
