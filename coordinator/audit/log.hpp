// The audit log as it is written: append-only, each entry chained to the one before, one write at a
// time. What a crash cut off is recorded at the next start. Refuses more than can wait. record(): any thread;
// all else, and every answer, on the loop. Made and destroyed while that does not run.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "common/base/executor.hpp"
#include "common/base/worker.hpp"
#include "coordinator/audit/chain.hpp"
#include "coordinator/database/audit_records.hpp"

namespace fieldline::audit {

class Log {
 public:
  struct Neighbours {
    Executor& loop;
    Worker& disk;  // writes the head file
    database::AuditRecords& records;
  };
  using Done = std::function<void(const Result<>&)>;
  using Intended = std::function<void(const Result<std::int64_t>&)>;

  // Makes the key when the log is empty and has none, and records what was intended and never recorded.
  // kNotFound: the log has entries, but its key is gone. Waits for the database and the disk: for starting
  // up.
  static Result<std::unique_ptr<Log>> open(const Neighbours& neighbours,
                                           const std::filesystem::path& key_file);
  // Writes the head.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Puts down what is about to be done. `done` gets its number once that is on the disk; an entry that
  // bears it as `intent` settles it. Without one it is recorded at the next start. kExhausted.
  void intend(Entry entry, Intended done);
  // `done` is told once the entry is on the disk, in order of calls; the log gives sequence and time,
  // and cuts what is too long. kExhausted.
  void record(Entry entry, Done done);
  // The same for what nobody waits for: tried until it is written.
  void insist(const Entry& entry);
  void page(Query query, std::function<void(Result<std::vector<Entry>>)> done);

 private:
  struct Waiting {
    Entry entry;
    Done done;
  };

  Log(const Neighbours& neighbours, Key key, std::filesystem::path head_path, Head head);
  Result<> record_intents();
  void sign(Entry& entry, Head& head) const;
  void add(Waiting waiting);
  void write_some();
  struct Written {
    Head head;
    std::size_t settled = 0;
    std::vector<Done> told;
  };
  void written(const Written& batch, const Result<>& outcome);
  void find_end();
  void keep_head();

  const Neighbours with_;
  const Key key_;
  const std::filesystem::path head_file_;
  Head head_;  // of what is on the disk
  Head kept_;  // as the head file has it
  bool keeping_ = false;
  std::deque<Waiting> waiting_;
  bool writing_ = false;
  bool full_ = false;  // since it last was empty, and said so
  std::int64_t last_intent_ = 0;
  std::size_t intents_ = 0;  // without an entry yet
};

}  // namespace fieldline::audit
