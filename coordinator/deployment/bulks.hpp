// Bulks under way, and those that are over, as long as there is room: starts the deployment of each
// instance in its turn, never more than its windows allow, and follows them to their ends. Each
// deployment has its own lock, checks and status. Nothing of it outlives the process. Lives on the loop.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/executor.hpp"
#include "common/base/random.hpp"
#include "coordinator/deployment/bulk.hpp"
#include "coordinator/deployment/deployment.hpp"
#include "coordinator/deployment/drafts.hpp"
#include "coordinator/deployment/operations.hpp"

namespace fieldline::deployment {

class Bulks {
 public:
  struct Neighbours {
    Executor& loop;
    Drafts& drafts;
    Operations& operations;
    // May it be sent? The draft's configuration, or why not.
    std::function<Result<database::SentConfig>(Draft)> check;
  };

  Bulks(Neighbours neighbours, Random random) : with_(std::move(neighbours)), random_(random) {}

  // Of `instances`, by name. kExhausted.
  Result<Bulk> start(const std::string& site, const std::string& who, std::vector<std::string> instances,
                     std::optional<std::size_t> stop_after_failures);
  // A deployment, of a bulk or not, is as this row says.
  void published(const Deployment& row);

  // kNotFound.
  [[nodiscard]] Result<BulkPage> page(const std::string& id, const BulkQuery& query) const;
  // Until it is over, at most `up_to`; gets it as it is then. kNotFound; kExhausted.
  void wait(const std::string& id, Duration up_to, Answer<Bulk> done);
  [[nodiscard]] std::size_t running() const { return running_; }
  void on_progress(std::function<void(const BulkProgress&)> listener) {
    listeners_.push_back(std::move(listener));
  }

 private:
  struct Item {
    std::string instance;
    std::string deployment;  // id of the hold, then of the deployment; empty: none
    std::shared_ptr<const BulkReason> why;
    BulkState state = BulkState::kWaiting;
  };
  struct Waiter {
    Executor::TimerId timer = 0;
    Answer<Bulk> done;
  };
  struct Run {
    Bulk bulk;
    std::vector<Item> items;
    std::size_t next = 0;  // the first that was not started yet
    bool in_turn = false;  // is it in `turns_`?
    bool resting = false;  // until there is room for its operations
    std::size_t text = 0;  // bytes of `why`
    std::list<Waiter> waiters;
  };
  using RunPointer = std::shared_ptr<Run>;
  struct Place {
    RunPointer run;
    std::size_t index = 0;
  };
  using Slice = std::vector<std::size_t>;

  [[nodiscard]] Result<> make_room(std::size_t instances);
  void queue(const RunPointer& run);
  void pump_later();
  void pump();
  [[nodiscard]] Slice take(const RunPointer& run);
  void derived(const RunPointer& run, const Slice& slice, std::vector<Result<Draft>> drafts);
  void begin(const RunPointer& run, std::size_t index, Result<Draft> draft);
  void settle(const RunPointer& run, std::size_t index, BulkState state, BulkReason why);
  void fail_item(const RunPointer& run, std::size_t index, const Error& error);
  void skip_rest(const RunPointer& run);
  void finish_if_over(const RunPointer& run);
  void tell(const Run& run, const Item* item) const;
  static std::size_t& count(Run& run, BulkState state);
  static BulkOutcome outcome(const Item& item);

  Neighbours with_;
  Random random_;
  std::vector<std::function<void(const BulkProgress&)>> listeners_;
  std::unordered_map<std::string, RunPointer> runs_;  // by id
  std::deque<std::string> oldest_first_;              // ids of `runs_`
  std::unordered_map<std::string, Place> under_way_;  // by deployment
  std::deque<RunPointer> turns_;                      // those that may start more
  std::size_t instances_ = 0;                         // in `runs_`
  std::size_t running_ = 0;
  std::size_t held_ = 0;  // instances
  std::size_t slices_ = 0;
  std::size_t waiters_ = 0;
  bool pumping_ = false;
};

}  // namespace fieldline::deployment
