// Cuts the power of a database again and again, at calls that the seed chooses, and opens it again after
// each: it must be sound, and its keeper must find there what it was answered. One thread, virtual time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "common/base/executor.hpp"
#include "common/base/random.hpp"
#include "common/base/result.hpp"
#include "common/base/virtual_time.hpp"
#include "common/sql/database.hpp"
#include "tests/powerloss/disk.hpp"
#include "tests/powerloss/vfs.hpp"
#include "tests/unit/common/sql/scratch_folder.hpp"

namespace fieldline::powerloss {

// What the database of one life stands on, as its keeper sees it.
struct Life {
  sql::Database& database;
  Executor& loop;
  VirtualTime& time;
  Random& random;
  const Disk& disk;
  std::function<void(std::string)> blame;

  // True when it was done. A refusal is a fault unless the power is gone.
  [[nodiscard]] bool done(const Result<>& outcome) const {
    if (!outcome && !disk.dark()) blame("refused: " + outcome.error().message);
    return outcome.has_value();
  }
};

// Something that keeps rows and answers for them.
class Keeper {
 public:
  virtual ~Keeper() = default;
  [[nodiscard]] virtual std::span<const sql::Migration> migrations() const = 0;
  // Opens what is tried on a database that is new or was cut off, and says what of it is lost or half. When
  // the power goes meanwhile its Error is nobody's fault. `life` is there until close().
  virtual Result<> open(Life& life) = 0;
  // Begins one change or more; what is answered must be there from now on. On the loop.
  virtual void act() = 0;
  virtual void close() = 0;
};

struct Conditions {
  std::uint64_t seed = 0;
  int cuts = 8;
  const char* synchronous = nullptr;  // of the connection; nothing: as it was opened
};

enum class FaultKind {
  kDamaged,  // does not open, or is not sound
  kLost,     // sound, but not what was answered
};
struct Fault {
  FaultKind kind;
  std::string what;
};

struct Verdict {
  std::map<std::pair<std::string, Call>, int> strikes;  // by the end of the file's name: "", "-wal" …
  int cuts = 0;
  std::optional<Fault> fault;
};

// Ends at the first fault.
Verdict try_cuts(Keeper& keeper, const Conditions& conditions);

}  // namespace fieldline::powerloss
