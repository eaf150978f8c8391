// Who may do what: users, tokens, sessions and passwords as the rest of the coordinator has them. Lives
// on the coordinator's loop, but for what says otherwise.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/worker.hpp"
#include "coordinator/security/accounts.hpp"
#include "coordinator/security/attempts.hpp"
#include "coordinator/security/passwords.hpp"
#include "coordinator/security/sessions.hpp"

namespace fieldline::security {

class Security {
 public:
  // Errors and waits as Accounts::open.
  static Result<std::unique_ptr<Security>> open(database::AccountRecords& rows, Executor& loop,
                                                const std::string& state_folder, Passwords::Cost cost);

  ~Security();
  Security(const Security&) = delete;
  Security& operator=(const Security&) = delete;

  // These three on any thread. Who comes with this token, or with this session's secret.
  [[nodiscard]] std::optional<Principal> who_bears(std::string_view token) const;
  [[nodiscard]] std::optional<Principal> who_is_in(std::string_view session_secret);
  // The same one as they are now; empty when what they came with is no longer good.
  [[nodiscard]] std::optional<Principal> again(const Principal& principal) const;

  // May this address try the password of this user? Notes a failure, which success takes back.
  [[nodiscard]] bool may_try(const std::string& address, const std::string& user);
  // Answers the secret of a new session; kUnauthenticated, kExhausted.
  void log_in(const std::string& user, std::string password, const std::string& address,
              Answer<std::string> done);
  // Of the principal, who is a user and proves it with the current password. Ends their other sessions.
  void change_password(const Principal& principal, const std::string& address, std::string current,
                       std::string password, Answer<void> done);

  [[nodiscard]] Accounts& accounts() { return *accounts_; }
  [[nodiscard]] Sessions& sessions() { return sessions_; }
  [[nodiscard]] Passwords& passwords() { return passwords_; }

 private:
  Security(std::unique_ptr<Accounts> accounts, Executor& loop, Passwords::Cost cost);

  // Its hash is that of the stored password; "" when there is none.
  [[nodiscard]] std::string password_of(std::string_view user) const;
  void check_password(const std::string& user, std::string password, const std::string& address,
                      Answer<void> done);

  std::unique_ptr<Accounts> accounts_;
  Sessions sessions_;
  Attempts by_address_;
  Attempts by_user_;
  ThreadWorker hashers_;
  Passwords passwords_;
};

}  // namespace fieldline::security
