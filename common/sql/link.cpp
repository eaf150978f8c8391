#include "common/sql/link.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/sql/limits.hpp"

namespace fieldline::sql {

Result<Link> Link::open(std::string connection, Access access, const Clock& clock, Prepare prepare) {
  auto session = connect(connection, access, prepare);
  if (!session) return fail(std::move(session.error()));
  return Link(std::move(connection), access, clock, std::move(prepare), std::move(*session));
}

Result<Session> Link::connect(const std::string& connection, Access access, const Prepare& prepare) {
  auto session = Session::open(connection, access);
  if (!session || !prepare) return session;
  if (auto prepared = prepare(*session); !prepared) return fail(std::move(prepared.error()));
  return session;
}

Result<Session*> Link::begin(Transaction kind) {
  if (session_.standing() != Standing::kLost) {
    auto begun = session_.begin(kind);
    if (begun) return &session_;
    if (session_.standing() != Standing::kLost) return fail(std::move(begun.error()));
  }
  if (auto back = reconnect(); !back) return fail(std::move(back.error()));
  if (auto begun = session_.begin(kind); !begun) return fail(std::move(begun.error()));
  return &session_;
}

Result<> Link::reconnect() {
  const auto now = clock_->now();
  if (refusal_ && (refusal_->code == ErrorCode::kConflict || now < next_attempt_)) return fail(*refusal_);
  auto session = connect(connection_, access_, prepare_);
  if (session) {
    session_ = std::move(*session);
    refusal_.reset();
    pause_ = {};
    return {};
  }
  pause_ = std::clamp<Duration>(2 * pause_, kReconnectLeast, kReconnectMost);
  next_attempt_ = clock_->now() + pause_;
  refusal_ = std::move(session.error());
  if (refusal_->code != ErrorCode::kConflict) {
    refusal_->code = ErrorCode::kUnavailable;
    refusal_->message = fmt::format("the database can't be reached: {}", refusal_->message);
  }
  return fail(*refusal_);
}

}  // namespace fieldline::sql
