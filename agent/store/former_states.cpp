#include "agent/store/former_states.hpp"

#include "common/sql/bytes.hpp"

namespace fieldline::store {

Result<FormerStates> read_former_states(sql::Database& database) {
  return database.read_now([](soci::session& sql) -> Result<FormerStates> {
    FormerStates states;
    std::string instance;
    std::string name;
    soci::blob blob(sql);
    soci::statement rows = (sql.prepare << "SELECT instance, name, bytes FROM kept", soci::into(instance),
                            soci::into(name), soci::into(blob));
    rows.execute();
    while (rows.fetch()) states[instance].emplace(name, sql::take_bytes(blob));
    return states;
  });
}

Result<> delete_former_states(sql::Database& database) {
  return database.write_now([](soci::session& sql) -> Result<> {
    sql << "DELETE FROM kept";
    return {};
  });
}

Result<std::set<std::string>> read_instances(sql::Database& database) {
  return database.read_now([](soci::session& sql) -> Result<std::set<std::string>> {
    std::set<std::string> instances;
    std::string instance;
    soci::statement rows =
        (sql.prepare << "SELECT instance FROM configurations UNION SELECT instance FROM damaged",
         soci::into(instance));
    rows.execute();
    while (rows.fetch()) instances.insert(instance);
    return instances;
  });
}

}  // namespace fieldline::store
