// The disks of a ReplicationWorld: in memory, with steady power, and each with an empty journal to begin
// with. While one of these lives, every database that is opened is there.
#pragma once

#include <string>

#include "tests/powerloss/disk.hpp"
#include "tests/powerloss/vfs.hpp"
#include "tests/unit/common/sql/scratch_folder.hpp"

namespace fieldline::sim {

class JournalDisk {
 public:
  // To be opened by one at a time.
  [[nodiscard]] std::string connection(const std::string& node) const;
  // Puts an empty journal where the node's is.
  void format(const std::string& node);

 private:
  [[nodiscard]] std::string file(const std::string& node) const;
  std::string blank();

  sql::ScratchFolder folder_;  // of the empty files that are made before SQLite opens them
  powerloss::Disk disk_;
  powerloss::Vfs vfs_{disk_};
};

}  // namespace fieldline::sim
