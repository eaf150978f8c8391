// Statements prepared once for each session and run many times.
#pragma once

#include <soci/soci.h>

#include <memory>
#include <unordered_map>

namespace fieldline::sql {

// The session behind every Session. What it keeps goes before it does.
class KeepingSession : public soci::session {
 public:
  using soci::session::session;

  template <class Statement>
  Statement& kept() {
    auto& place = kept_[&kKey<Statement>];
    if (!place) place = std::make_shared<Statement>(*this);
    return *static_cast<Statement*>(place.get());
  }

 private:
  template <class Statement>
  static constexpr char kKey = 0;

  std::unordered_map<const void*, std::shared_ptr<void>> kept_;
};

// A Statement is constructed from the session, prepares itself and owns what it binds. One that reads is
// reset before it is left: else it would hold its snapshot.
template <class Statement>
Statement& prepared(soci::session& sql) {
  return static_cast<KeepingSession&>(sql).kept<Statement>();
}

}  // namespace fieldline::sql
