// Puts SQLite on a Disk: while one of these lives, every database that is opened without the name of a VFS
// is there. The VFS of the system stays registered as it is. A database has one connection at a time.
#pragma once

#include <memory>

#include "tests/powerloss/disk.hpp"

struct sqlite3_vfs;

namespace fieldline::powerloss {

class Vfs {
 public:
  // `disk` outlives it, and it outlives the databases.
  explicit Vfs(Disk& disk);
  ~Vfs();
  Vfs(const Vfs&) = delete;
  Vfs& operator=(const Vfs&) = delete;

 private:
  const std::unique_ptr<sqlite3_vfs> vfs_;
};

}  // namespace fieldline::powerloss
