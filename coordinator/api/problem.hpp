// Problem documents (RFC 9457): the only place where an Error becomes an HTTP status. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "coordinator/api/http.hpp"

namespace fieldline::api {

int http_status(ErrorCode code);

// {type, title, status, code, detail, errors[{pointer, code, detail}]}. `errors` bears the findings,
// or the one place that the error names; a fault of Fieldline itself is answered without its details.
Response problem(const Error& error);
// `errors` of it, for an error that is a part of an answer.
Json problem_errors(const Error& error);
// What only HTTP knows: 405 "method-not-allowed", 414, 429, 431.
Response problem(int status, std::string_view code, std::string_view detail);

}  // namespace fieldline::api
