// That one program at a time writes to a PostgreSQL database: a lock as long as its session lives, and a mark
// in the database that shows after a lost connection whether another has been there meanwhile. SQLite
// databases need none. The thread that owns the session.
#pragma once

#include <string>

#include "common/base/result.hpp"
#include "common/sql/session.hpp"

namespace fieldline::sql {

class Tenure {
 public:
  Tenure();

  // Makes `session` the one that writes. kConflict: another program is, or has been since the last time.
  Result<> take(Session& session);

 private:
  Result<> end_predecessor(Session& session) const;
  static Result<> lock(Session& session);
  Result<> leave_mark(Session& session) const;
  Result<> check_mark(Session& session) const;
  Result<> remember(Session& session);

  std::string mark_;
  // The server's process behind the session that held the lock last.
  long long process_ = 0;
  std::string since_;
};

}  // namespace fieldline::sql
