#include "agent/store/configuration_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/store/configuration_rows.hpp"
#include "agent/store/limits.hpp"
#include "common/base/check.hpp"
#include "common/base/hash.hpp"
#include "common/wire/limits.hpp"

namespace fieldline::store {

Result<std::unique_ptr<ConfigurationStore>> ConfigurationStore::open(sql::Database& database,
                                                                     Executor& loop) {
  std::unique_ptr<ConfigurationStore> store(new ConfigurationStore(database, loop));
  if (auto tidied = database.write_now(tidy); !tidied) return fail(tidied.error());
  if (auto read = store->read_index(); !read) return fail(read.error());
  return store;
}

ConfigurationStore::ConfigurationStore(sql::Database& database, Executor& loop)
    : database_(database), loop_(loop), self_(std::make_shared<ConfigurationStore*>(this)) {}

Result<> ConfigurationStore::read_index() {
  auto index = database_.read_now(select_index);
  if (!index) return fail(index.error());
  term_ = term_asked_ = index->term;
  for (auto& item : index->current) current_.emplace(item.instance, item);
  numbers_.insert(index->numbers.begin(), index->numbers.end());
  for (const auto& report : index->reports) remember_report(report);
  return {};
}

void ConfigurationStore::commit(sql::Database::Write write, std::function<void()> remember, Done done) {
  FIELDLINE_DCHECK(loop_.here());
  const auto settle = [self = std::weak_ptr(self_), remember = std::move(remember),
                       done = std::move(done)](const Result<>& outcome) {
    if (self.expired()) return;
    if (outcome) remember();
    done(outcome);
  };
  if (auto queued = database_.submit(std::move(write), settle, loop_); !queued) {
    loop_.post([settle, queued] { settle(queued); });
  }
}

void ConfigurationStore::raise_term(std::uint64_t term, Done done) {
  if (term <= term_) {
    loop_.post([done = std::move(done)] { done({}); });
    return;
  }
  // One that is asked for while a higher one is on its way to the disk may not undo it.
  term_asked_ = std::max(term_asked_, term);
  commit([asked = term_asked_](soci::session& sql) { return update_term(sql, asked); },
         [this, asked = term_asked_] { term_ = std::max(term_, asked); }, std::move(done));
}

std::uint64_t ConfigurationStore::last_number(const std::string& instance) const {
  const auto found = numbers_.find(instance);
  return found == numbers_.end() ? 0 : found->second;
}

const Report* ConfigurationStore::report(const std::string& deployment) const {
  const auto found = reports_.find(deployment);
  return found == reports_.end() ? nullptr : &found->second;
}

const InventoryItem* ConfigurationStore::find(const std::string& instance) const {
  const auto found = current_.find(instance);
  return found == current_.end() ? nullptr : &found->second;
}

Inventory ConfigurationStore::inventory() const {
  Inventory inventory;
  inventory.reserve(current_.size());
  for (const auto& [instance, item] : current_) inventory.push_back(item);
  return inventory;
}

Result<> ConfigurationStore::check_candidate(const Order& order, const std::string& bytes) const {
  if (bytes.size() > wire::kMaxConfig) {
    return fail(ErrorCode::kTooLarge, fmt::format("the configuration of {} has {} bytes, {} are the limit",
                                                  order.instance, bytes.size(), wire::kMaxConfig));
  }
  if (bytes.empty() || blake2b_hex(bytes) != order.revision) {
    return fail(
        ErrorCode::kCorrupt,
        fmt::format("the bytes received for {} do not have the revision of their order", order.instance));
  }
  if (find(order.instance) == nullptr && current_.size() >= kInstances) {
    return fail(ErrorCode::kExhausted,
                fmt::format("this node holds {} instances, which is its limit", kInstances));
  }
  return {};
}

void ConfigurationStore::stage(const Order& order, std::string bytes, Done done) {
  if (auto checked = check_candidate(order, bytes); !checked) {
    loop_.post([done = std::move(done), checked] { done(checked); });
    return;
  }
  commit(
      [order, number = raise_number(order), bytes = std::move(bytes)](soci::session& sql) -> Result<> {
        if (auto numbered = upsert_number(sql, order.instance, number); !numbered) return numbered;
        return upsert_candidate(sql, order.instance, order.revision, bytes);
      },
      [] {}, std::move(done));
}

void ConfigurationStore::promote(const Order& order, const Report& report, Done done) {
  InventoryItem item{report.enabled, order.instance, order.revision};
  finish(
      order, report,
      [item](soci::session& sql) {
        return promote_candidate(sql, item.instance, item.revision, item.enabled);
      },
      [this, item] { current_.insert_or_assign(item.instance, item); }, std::move(done));
}

void ConfigurationStore::discard(const Order& order, const Report& report, Done done) {
  finish(
      order, report,
      [instance = order.instance](soci::session& sql) { return delete_candidate(sql, instance); }, [] {},
      std::move(done));
}

void ConfigurationStore::drop(const Order& order, const Report& report, Done done) {
  finish(
      order, report,
      [instance = order.instance](soci::session& sql) { return delete_instance(sql, instance); },
      [this, instance = order.instance] { current_.erase(instance); }, std::move(done));
}

void ConfigurationStore::set_enabled(const Order& order, const Report& report, Done done) {
  finish(
      order, report,
      [instance = order.instance, enabled = report.enabled](soci::session& sql) {
        return update_enabled(sql, instance, enabled);
      },
      [this, instance = order.instance, enabled = report.enabled] {
        if (const auto found = current_.find(instance); found != current_.end())
          found->second.enabled = enabled;
      },
      std::move(done));
}

void ConfigurationStore::record(const Order& order, const Report& report, Done done) {
  finish(
      order, report, [](soci::session&) -> Result<> { return {}; }, [] {}, std::move(done));
}

void ConfigurationStore::finish(const Order& order, const Report& report, sql::Database::Write change,
                                std::function<void()> remember, Done done) {
  FIELDLINE_CHECK(report.deployment == order.deployment && report.instance == order.instance);
  commit(
      [report, number = raise_number(order), change = std::move(change)](soci::session& sql) -> Result<> {
        if (auto changed = change(sql); !changed) return changed;
        if (auto numbered = upsert_number(sql, report.instance, number); !numbered) return numbered;
        return upsert_report(sql, report);
      },
      [this, report, remember = std::move(remember)] {
        remember();
        remember_report(report);
      },
      std::move(done));
}

std::uint64_t ConfigurationStore::raise_number(const Order& order) {
  auto& number = numbers_[order.instance];
  number = std::max(number, order.number);
  return number;
}

void ConfigurationStore::remember_report(const Report& report) {
  if (reports_.insert_or_assign(report.deployment, report).second) report_order_.push_back(report.deployment);
  while (report_order_.size() > kReports) {
    reports_.erase(report_order_.front());
    report_order_.pop_front();
  }
}

void ConfigurationStore::load(const std::string& instance, Loaded reply) {
  FIELDLINE_DCHECK(loop_.here());
  const auto settle = [this, instance, self = std::weak_ptr(self_),
                       reply](Result<StoredConfiguration> stored) {
    if (self.expired()) return;
    if (!stored && stored.error().code == ErrorCode::kCorrupt) {
      set_aside(instance, std::move(stored.error()), reply);
    } else {
      reply(std::move(stored));
    }
  };
  auto queued = database_.read([instance](soci::session& sql) { return select_configuration(sql, instance); },
                               settle, loop_);
  if (!queued) loop_.post([settle, error = queued.error()] { settle(fail(error)); });
}

void ConfigurationStore::set_aside(const std::string& instance, Error damage, const Loaded& reply) {
  const auto found = current_.find(instance);
  if (found == current_.end()) return reply(fail(std::move(damage)));
  const auto item = found->second;
  current_.erase(found);
  // Where even that fails it stays out of the index all the same, until the next start finds it again.
  commit([item](soci::session& sql) { return move_to_damaged(sql, item); }, [] {},
         [reply, damage = std::move(damage)](const Result<>&) { reply(fail(damage)); });
}

}  // namespace fieldline::store
