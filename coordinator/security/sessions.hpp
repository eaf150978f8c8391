// Who has logged in, in memory: a restart ends every session. Keeps hashes of the secrets; a session
// ends when it is not used for a while, and at its age anyhow. Any thread.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/base/time.hpp"

namespace fieldline::security {

class Sessions {
 public:
  explicit Sessions(const Clock& clock) : clock_(clock) {}

  // Answers the secret of a new session of `user`, whose oldest makes room where there are too many.
  Result<std::string> open(const std::string& user);
  // Whose session it is, which counts as use of it; empty when it is none, or has ended.
  [[nodiscard]] std::optional<std::string> use(std::string_view secret);
  // The same by the hash of the secret, and no use.
  [[nodiscard]] bool is_open(std::string_view hash) const;
  void end(std::string_view hash);
  // All of a user, but one when `except` is its hash.
  void end_of(std::string_view user, std::string_view except = {});

 private:
  struct Session {
    std::string user;
    Instant begun;
    Instant used;
  };
  using ByHash = std::map<std::string, Session, std::less<>>;

  [[nodiscard]] bool has_ended(const Session& session) const;
  void make_room(const std::string& user);

  const Clock& clock_;
  mutable std::mutex mutex_;
  ByHash sessions_;
};

// What the requests of the session with this secret repeat in a header to change anything: another
// site's page can send the cookie along, but not read or guess this.
std::string csrf_of(std::string_view secret);

}  // namespace fieldline::security
