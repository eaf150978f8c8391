// A centre and its sites in fresh processes, so that the memory of each is its own, and what the centre
// measured.
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <vector>

#include "common/base/check.hpp"
#include "tests/bench/fanout/children.hpp"
#include "tests/bench/fanout/plan.hpp"

namespace fieldline::bench {

using RunSites = void (*)(const Plan&, Share, int commands);

template <class Measured>
Measured in_fresh_world(const Plan& plan, RunSites sites,
                        const std::function<Measured(const std::vector<int>& commands)>& centre) {
  std::filesystem::remove_all(plan.folder);
  std::filesystem::create_directories(plan.folder);
  std::vector<pid_t> children;
  std::vector<int> commands;
  for (std::size_t first = 0; first < plan.sites; first += kSitesPerProcess) {
    const Share share{first, std::min(kSitesPerProcess, plan.sites - first)};
    const auto line = new_pipe();
    children.push_back(in_child([&] {
      for (const int fd : commands) close(fd);
      close(line[1]);
      sites(plan, share, line[0]);
    }));
    close(line[0]);
    commands.push_back(line[1]);
  }
  const auto result = new_pipe();
  children.push_back(in_child([&] {
    const auto figures = centre(commands);
    FIELDLINE_CHECK(write(result[1], &figures, sizeof figures) == sizeof figures);
  }));
  close(result[1]);
  for (const int fd : commands) close(fd);
  Measured figures;
  FIELDLINE_CHECK(read(result[0], &figures, sizeof figures) == sizeof figures);
  close(result[0]);
  for (const auto pid : children) reap(pid);
  std::filesystem::remove_all(plan.folder);
  return figures;
}

}  // namespace fieldline::bench
