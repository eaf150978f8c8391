// What speaks to the outside of a site: one attempt, one answer, nothing kept and nothing tried again. Every
// call and answer is on the loop; an answer never comes inside the call. No reason holds a secret.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/model/artifact.hpp"
#include "common/model/json.hpp"
#include "common/model/message.hpp"

namespace fieldline::targets {

// The target has it: "201", "2 rows", "250 2.0.0 Ok: queued".
struct Delivered {
  std::string detail;
  std::string but{};  // what people must know nevertheless: who of many refused it
};
// It may succeed later: unreachable, no answer in time, busy, an artifact that is not here.
struct Postponed {
  std::string reason;
  std::optional<Duration> retry_after{};  // the target's own wish
};
// It never will, unless someone changes something.
struct Refused {
  std::string reason;
};
using Outcome = std::variant<Delivered, Postponed, Refused>;

struct HttpAnswer {
  std::string body{};
  std::map<std::string, std::string> headers{};  // by lower-case name; the last of a name
  int status = 0;
};

// A statement that reads, and its parameters.
using DatabaseQuery = DatabaseWrite;

// The artifact of a key, "external-systems/erp"; null: it is not here.
using Resolve = std::function<std::shared_ptr<const Artifact>(const std::string& key)>;

class Courier {
 public:
  template <class T>
  using Done = std::function<void(T)>;

  virtual ~Courier() = default;
  // With the message's id for the target to know it again.
  virtual void deliver(const Message& message, Done<Outcome> done) = 0;
  // Any status is an answer, redirections too: none is followed.
  virtual void call(const std::string& system, HttpRequest request, Done<Result<HttpAnswer>> done) = 0;
  // The rows as a list of objects by column.
  virtual void query(const std::string& connection, DatabaseQuery query, Done<Result<Json>> done) = 0;
};

}  // namespace fieldline::targets
