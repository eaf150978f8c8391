// Expected failures travel as values: Result<T> is a T or an Error. Bugs do not: see check.hpp.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace fieldline {

// The kinds of failure that a caller can act on. The REST room maps each to one HTTP status.
enum class ErrorCode {
  kInvalid,               // the input is malformed or breaks a rule; `findings` may say where
  kNotFound,              // the thing named does not exist
  kConflict,              // another operation holds it, or it exists already
  kPreconditionRequired,  // a change of something that exists named no revision
  kPreconditionFailed,    // the revision named is not the current one
  kValidationFailed,      // well-formed, but the Template Engine has findings
  kUnauthenticated,       // no valid credential
  kForbidden,             // a valid credential without the permission
  kTooLarge,              // over a limit that is documented
  kUnsupportedMedia,      // a media type that is not taken
  kUnavailable,           // a peer, device or database can't be reached at present
  kTimeout,               // no answer within the time allowed
  kExhausted,             // a bounded queue or budget is full
  kCorrupt,               // stored or received bytes fail their check
  kIo,                    // the operating system refused
  kInternal,              // a fault of Fieldline itself
};

// The stable name of a code, as problem documents and logs show it: "not-found".
std::string_view name(ErrorCode code);

// One thing wrong with an input, found together with all others.
struct Finding {
  std::string code;     // stable, kebab-case: "unknown-parent"
  std::string path;     // where, with a line for source text: "templates/Pump/scripts/Start:12"
  std::string message;  // one sentence for the person who has to mend it

  friend bool operator==(const Finding&, const Finding&) = default;
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;            // what is wrong and what to do
  std::string where;              // file:line, JSON pointer, peer … may be empty
  std::vector<Finding> findings;  // when there is more than one thing to say

  // "not-found: no site named north (sites.yaml:12)"
  [[nodiscard]] std::string describe() const;
};

using Failure = tl::unexpected<Error>;

[[nodiscard]] inline Failure fail(ErrorCode code, std::string message, std::string where = {}) {
  return Failure(Error{code, std::move(message), std::move(where), {}});
}

[[nodiscard]] inline Failure fail(Error error) {
  return Failure(std::move(error));
}

template <class T = void>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using Base = tl::expected<T, Error>;
  using Base::Base;
  Result(Base base) : Base(std::move(base)) {}
};

}  // namespace fieldline
