// What scripts ask of other systems, and how what they say becomes it. Whoever answers is given by who
// builds the runtime. `ask` is for the runtime's loop, and never answers inside the call.
#pragma once

#include <functional>
#include <string>

#include "common/base/result.hpp"
#include "common/model/json.hpp"
#include "common/model/message.hpp"

namespace fieldline::runtime {

enum class Wish {
  kAnswer,    // what the other system says, now
  kDelivery,  // the id of a message that is on the disk, and will be delivered
};

struct Asked {
  MessageContent content{};
  std::string instance{};
  std::string script{};
  std::string target{};  // the key of an artifact: "external-systems/erp"
  Wish wish = Wish::kAnswer;
};
using Answered = std::function<void(Result<Json>)>;
using Ask = std::function<void(Asked asked, Answered answered)>;

class Outside {
 public:
  virtual ~Outside() = default;
  virtual void ask(Asked asked, Answered answered) = 0;
};

// {method, path, headers, body, content_type}, or nothing: a table as body goes as JSON; the method is GET
// without a body, else POST. kInvalid for any other field or type.
Result<HttpRequest> http_request_of(const Json& given);
// A statement, and an object of its parameters or nothing.
Result<DatabaseWrite> statement_of(const Json& statement, const Json& parameters);
// A subject, and a text or nothing.
Result<Mail> mail_of(const Json& subject, const Json& body);

}  // namespace fieldline::runtime
