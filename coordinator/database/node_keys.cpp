#include "coordinator/database/node_keys.hpp"

#include "coordinator/database/submit.hpp"
#include "coordinator/database/time_column.hpp"

namespace fieldline::database {

Result<std::vector<NodeKey>> NodeKeys::all() {
  return database_.read_now([](soci::session& sql) {
    std::vector<NodeKey> keys;
    NodeKey row;
    long long accepted_at = 0;
    soci::statement query =
        (sql.prepare
             << "SELECT public_key, site, node, accepted_by, accepted_at FROM node_keys ORDER BY site, node",
         soci::into(row.public_key), soci::into(row.site), soci::into(row.node), soci::into(row.accepted_by),
         soci::into(accepted_at));
    query.execute();
    while (query.fetch()) {
      row.accepted_at = from_column(accepted_at);
      keys.push_back(row);
    }
    return keys;
  });
}

void NodeKeys::add(NodeKey key, std::function<void(Result<>)> done, Executor& reply_to) {
  submit(
      database_,
      [key = std::move(key)](soci::session& sql) -> Result<> {
        const long long accepted_at = to_column(key.accepted_at);
        // Once more for the same node: an answer of the database was lost, and a person tries again.
        soci::statement insert =
            (sql.prepare << "INSERT INTO node_keys (public_key, site, node, accepted_by, accepted_at) "
                            "VALUES (:public_key, :site, :node, :accepted_by, :accepted_at) "
                            "ON CONFLICT (public_key) DO UPDATE SET accepted_by = excluded.accepted_by, "
                            "accepted_at = excluded.accepted_at "
                            "WHERE node_keys.site = excluded.site AND node_keys.node = excluded.node",
             soci::use(key.public_key), soci::use(key.site), soci::use(key.node), soci::use(key.accepted_by),
             soci::use(accepted_at));
        insert.execute(true);
        if (insert.get_affected_rows() == 0) {
          return fail(ErrorCode::kConflict, "the key is that of another node", "node_keys");
        }
        return {};
      },
      std::move(done), reply_to);
}

void NodeKeys::remove(const std::string& public_key, std::function<void(Result<>)> done, Executor& reply_to) {
  submit(
      database_,
      [public_key](soci::session& sql) -> Result<> {
        sql << "DELETE FROM node_keys WHERE public_key = :public_key", soci::use(public_key);
        return {};
      },
      std::move(done), reply_to);
}

}  // namespace fieldline::database
