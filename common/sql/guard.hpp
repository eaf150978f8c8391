// The wall that the exceptions of SOCI do not pass: what is thrown inside comes out as an Error with
// the code that a caller can act on.
#pragma once

#include <concepts>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "common/base/result.hpp"

namespace fieldline::sql {

template <class T>
struct Lift {
  using type = Result<T>;
};
template <class T>
struct Lift<Result<T>> {
  using type = Result<T>;
};
// Result<T> for a callable that returns a T or a Result<T>.
template <class Body, class... Args>
using Lifted = typename Lift<std::invoke_result_t<Body, Args...>>::type;

// The Error for an exception caught at `where`: busy → kUnavailable, damaged → kCorrupt, a broken
// constraint → kConflict, full disk or memory → kExhausted, refused by the system → kIo.
Error describe_exception(const std::exception& exception, std::string_view where);
// The same for a result code of SQLite, extended or not.
ErrorCode code_of_sqlite(int result);
// The same for an SQLSTATE of PostgreSQL, and what the server or libpq said with it.
Error describe_sqlstate(std::string_view state, std::string_view said, std::string_view where);

// Runs `body`, which returns a T or a Result<T>; gives a Result<T>.
template <std::invocable Body>
Lifted<Body> guard(std::string_view where, Body&& body) {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Body>>) {
      std::forward<Body>(body)();
      return {};
    } else {
      return std::forward<Body>(body)();
    }
  } catch (const std::exception& exception) {
    return fail(describe_exception(exception, where));
  }
}

}  // namespace fieldline::sql
