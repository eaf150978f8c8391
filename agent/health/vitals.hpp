// What the operating system knows of this process and its disk. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>

namespace fieldline::health {

struct Vitals {
  std::int64_t disk_free = 0;  // bytes that this process may still write where `path` is; 0: unknown
  std::int64_t memory = 0;     // bytes resident; 0: unknown
};

Vitals read_vitals(const std::filesystem::path& path);

}  // namespace fieldline::health
