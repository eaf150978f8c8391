// A session that comes back: when its server was lost, the next transaction opens it anew, no sooner than a
// growing pause allows. What was under way is never repeated. One thread at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/sql/session.hpp"

namespace fieldline::sql {

class Link {
 public:
  // Runs on each new session before it is used. After a loss its kConflict is final: every further
  // transaction is refused with it.
  using Prepare = std::function<Result<>(Session&)>;

  // `clock` outlives it.
  static Result<Link> open(std::string connection, Access access, const Clock& clock, Prepare prepare = {});

  // The session, in a transaction of this kind. kUnavailable: its server is lost.
  Result<Session*> begin(Transaction kind);
  [[nodiscard]] Session& session() { return session_; }
  [[nodiscard]] const std::string& name() const { return session_.name(); }

 private:
  Link(std::string connection, Access access, const Clock& clock, Prepare prepare, Session session)
      : connection_(std::move(connection)),
        access_(access),
        clock_(&clock),
        prepare_(std::move(prepare)),
        session_(std::move(session)) {}

  static Result<Session> connect(const std::string& connection, Access access, const Prepare& prepare);
  Result<> reconnect();

  std::string connection_;
  Access access_;
  const Clock* clock_;
  Prepare prepare_;
  Session session_;
  std::optional<Error> refusal_;  // of the last attempt to connect
  Instant next_attempt_{};
  Duration pause_{};
};

}  // namespace fieldline::sql
