// What a node holds and has been told: its configurations, candidate and current, the orders it has
// seen, its coordinator's highest term. Every change is durable before it is answered. Refuses
// bytes that do not have their revision. Lives on the agent's loop: every call and answer is there.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/model/order.hpp"
#include "common/model/session.hpp"
#include "common/sql/database.hpp"

namespace fieldline::store {

struct StoredConfiguration {
  InventoryItem item;
  std::string bytes;  // exactly as received
};

// The life of a configuration at the node; each arrow is one durable step:
//
//     order ── stage ──► candidate ── promote ──► current ── drop ──► (gone)
//                            │
//                            └── discard, or a restart ──► (gone)
//
// The steps that end an order take its report and keep it in the same transaction, so an order that
// is seen again gets the same answer, and nothing is done twice.
class ConfigurationStore {
 public:
  using Done = std::function<void(Result<>)>;
  using Loaded = std::function<void(Result<StoredConfiguration>)>;

  // Discards the candidates that a stop or crash left, and reads the index; waits for the disk. Both
  // outlive the store. `database` is opened with migrations() of schema.hpp.
  static Result<std::unique_ptr<ConfigurationStore>> open(sql::Database& database, Executor& loop);
  ConfigurationStore(const ConfigurationStore&) = delete;
  ConfigurationStore& operator=(const ConfigurationStore&) = delete;

  [[nodiscard]] std::uint64_t term() const { return term_; }
  // A higher term, durable before it is obeyed; a lower or equal one is success at once.
  void raise_term(std::uint64_t term, Done done);

  // The number of the last order seen for `instance`, or with an empty name for artifacts; 0: none. It
  // outlives the instance.
  [[nodiscard]] std::uint64_t last_number(const std::string& instance) const;
  // The report of one of the last 1024 deployments, or null.
  [[nodiscard]] const Report* report(const std::string& deployment) const;

  // Keeps `bytes` as the candidate of the order's instance, in place of an older one. kCorrupt when
  // they do not have the order's revision, kTooLarge over 1 MiB, kExhausted past 20,000 instances.
  void stage(const Order& order, std::string bytes, Done done);
  // The candidate becomes current, enabled as the report says. kNotFound when there is none of the
  // order's revision.
  void promote(const Order& order, const Report& report, Done done);
  // The candidate goes; what is current stays.
  void discard(const Order& order, const Report& report, Done done);
  // Candidate, current and all that the instance kept go. None there is success.
  void drop(const Order& order, const Report& report, Done done);
  // Current is enabled or disabled as the report says. kNotFound when there is none.
  void set_enabled(const Order& order, const Report& report, Done done);
  // The order ended and changed nothing.
  void record(const Order& order, const Report& report, Done done);
  // The order ended with `change` in this database, of what another store keeps there; `remember` runs
  // once it is durable.
  void finish(const Order& order, const Report& report, sql::Database::Write change,
              std::function<void()> remember, Done done);

  // What is current, sorted by instance.
  [[nodiscard]] Inventory inventory() const;
  [[nodiscard]] const InventoryItem* find(const std::string& instance) const;
  // A current configuration. kCorrupt when its bytes do not have its revision any more: it is then set
  // aside and no longer current. kNotFound when there is none.
  void load(const std::string& instance, Loaded reply);

 private:
  ConfigurationStore(sql::Database& database, Executor& loop);

  Result<> read_index();
  // Commits `write`; on success `remember` brings the index in line with it, and then `done` is told.
  void commit(sql::Database::Write write, std::function<void()> remember, Done done);
  Result<> check_candidate(const Order& order, const std::string& bytes) const;
  // At once, before it is durable: while one order is on its way to the disk no older one may pass.
  std::uint64_t raise_number(const Order& order);
  void remember_report(const Report& report);
  void set_aside(const std::string& instance, Error damage, const Loaded& reply);

  sql::Database& database_;
  Executor& loop_;
  std::uint64_t term_ = 0;
  std::uint64_t term_asked_ = 0;  // at least term_: what is durable or on its way
  std::map<std::string, InventoryItem> current_;
  std::unordered_map<std::string, std::uint64_t> numbers_;
  std::unordered_map<std::string, Report> reports_;
  std::deque<std::string> report_order_;       // oldest first
  std::shared_ptr<ConfigurationStore*> self_;  // late answers to a store that is gone find it empty
};

}  // namespace fieldline::store
