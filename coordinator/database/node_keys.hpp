// Rows of accepted keys: which public key is which node of which site. Any thread; answers go to the
// executor named.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/base/time.hpp"
#include "common/sql/database.hpp"

namespace fieldline::database {

struct NodeKey {
  std::string public_key;  // Z85
  std::string site;
  std::string node;
  std::string accepted_by;
  Timestamp accepted_at{};

  friend bool operator==(const NodeKey&, const NodeKey&) = default;
};

class NodeKeys {
 public:
  explicit NodeKeys(sql::Database& database) : database_(database) {}

  // Waits for the database: for starting up.
  Result<std::vector<NodeKey>> all();
  // kConflict when the key or the node has another partner already; the same pair may be added again.
  void add(NodeKey key, std::function<void(Result<>)> done, Executor& reply_to);
  void remove(const std::string& public_key, std::function<void(Result<>)> done, Executor& reply_to);

 private:
  sql::Database& database_;
};

}  // namespace fieldline::database
