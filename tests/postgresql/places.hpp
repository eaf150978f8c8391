// Where a test keeps its database, one place for each kind: new and empty, for suites that hold both to the
// same.
#pragma once

#include <string>
#include <tuple>

#include "tests/postgresql/cluster.hpp"
#include "tests/unit/common/sql/scratch_folder.hpp"

namespace fieldline::sql {

class SqlitePlace {
 public:
  [[nodiscard]] std::string connection() const { return folder_.connection("a.db"); }

 private:
  ScratchFolder folder_;
};

class PostgresqlPlace {
 public:
  [[nodiscard]] const std::string& connection() const { return connection_; }

 private:
  std::string connection_ = Cluster::shared().new_schema();
};

using Places = std::tuple<SqlitePlace, PostgresqlPlace>;

}  // namespace fieldline::sql
