// The users and tokens there are. Makes the first administrator's token and leaves it in a file for its
// owner; keeps of every secret the hash only. Refuses a change that leaves no administrator. Changes
// come on the coordinator's loop, one after the other; what is asked is answered on any thread.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/executor.hpp"
#include "coordinator/database/accounts.hpp"
#include "coordinator/security/book.hpp"
#include "coordinator/security/principal.hpp"

namespace fieldline::security {

// The file in the state directory that holds the first token, and a line end.
inline constexpr std::string_view kFirstTokenFile = "admin-token";

template <class T>
using Answer = std::function<void(Result<T>)>;

class Accounts {
 public:
  // Reads the rows. When there are none, a token named "admin" is written to `state_folder` with mode
  // 0600 before its hash is stored, so that no hash is ever without the token that someone can use.
  // Waits for the database and the disk: for starting up.
  static Result<std::unique_ptr<Accounts>> open(database::AccountRecords& rows, Executor& loop,
                                                const std::string& state_folder);

  // These on any thread. Whose token it is; empty when nobody's, or expired.
  [[nodiscard]] std::optional<Principal> of_token(std::string_view secret) const;
  // As whom a session of this user acts; empty when there is no such user any more.
  [[nodiscard]] std::optional<Principal> of_user(std::string_view name) const;
  // Is the token with this hash still good?
  [[nodiscard]] bool holds(std::string_view hash) const;
  [[nodiscard]] std::shared_ptr<const Book> book() const;

  struct Put {
    bool created = false;
    std::string revision;
  };
  // Judges the revision that is current; "" when there is none.
  using Precondition = std::function<Result<>(const std::string& current)>;

  // All answer once the change is on the disk, and errors without it: kConflict when it would leave no
  // administrator, or the name is taken by a token or a user; kExhausted.
  // `password`: its hash; without one the user keeps what there was.
  void put_user(std::string name, std::optional<std::string> password, Grants grants,
                Precondition precondition, Answer<Put> done);
  // Their tokens go too.
  void remove_user(std::string name, Precondition precondition, Answer<void> done);
  void set_password(std::string name, std::string password, Answer<void> done);
  // Without hash and created. Answers the secret, once.
  void add_token(Token token, Answer<std::string> done);
  void remove_token(std::string name, Answer<void> done);

 private:
  // What the book becomes, and the rows that make it so.
  using Edit = std::function<Result<database::AccountChange>(Book& book)>;
  struct Waiting {
    Edit edit;
    Answer<void> done;
  };

  Accounts(database::AccountRecords& rows, Executor& loop, Book book);

  void enqueue(Edit edit, Answer<void> done);
  void begin_next();
  void finish(Result<> outcome);
  [[nodiscard]] std::optional<Principal> principal_of(const Book& book, const Token& token) const;

  database::AccountRecords& rows_;
  Executor& loop_;
  mutable std::mutex mutex_;  // guards book_: written on the loop, read from any thread
  std::shared_ptr<const Book> book_;
  std::deque<Waiting> waiting_;  // the front one is under way
};

}  // namespace fieldline::security
