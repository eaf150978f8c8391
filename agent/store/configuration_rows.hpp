// The statements of the configuration store. Run where the database runs them.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "agent/store/configuration_store.hpp"
#include "common/base/result.hpp"
#include "common/model/order.hpp"
#include "common/model/session.hpp"

namespace fieldline::store {

// All that is held in memory beside the bytes.
struct Index {
  std::uint64_t term = 0;
  Inventory current;
  std::vector<std::pair<std::string, std::uint64_t>> numbers;
  std::vector<Report> reports;  // oldest first
};

// Drops the candidates, what belongs to no instance any more, and numbers beyond their limit.
Result<> tidy(soci::session& sql);
Result<Index> select_index(soci::session& sql);

Result<> update_term(soci::session& sql, std::uint64_t term);
Result<> upsert_number(soci::session& sql, const std::string& instance, std::uint64_t number);
// Drops the oldest beyond kReports.
Result<> upsert_report(soci::session& sql, const Report& report);

Result<> upsert_candidate(soci::session& sql, const std::string& instance, const Revision& revision,
                          const std::string& bytes);
Result<> promote_candidate(soci::session& sql, const std::string& instance, const Revision& revision,
                           bool enabled);
Result<> delete_candidate(soci::session& sql, const std::string& instance);
Result<> delete_instance(soci::session& sql, const std::string& instance);
Result<> update_enabled(soci::session& sql, const std::string& instance, bool enabled);
// kCorrupt when the bytes do not have their revision.
Result<StoredConfiguration> select_configuration(soci::session& sql, const std::string& instance);
Result<> move_to_damaged(soci::session& sql, const InventoryItem& item);

}  // namespace fieldline::store
