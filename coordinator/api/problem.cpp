#include "coordinator/api/problem.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/api/limits.hpp"

namespace fieldline::api {
namespace {

Response render(int status, std::string_view code, std::string_view detail, Json errors) {
  std::string title(code);
  std::ranges::replace(title, '-', ' ');
  title.front() = static_cast<char>(title.front() - 'a' + 'A');
  Json document{{"type", fmt::format("urn:fieldline:problem:{}", code)},
                {"title", title},
                {"status", status},
                {"code", code},
                {"detail", detail},
                {"errors", std::move(errors)}};
  // Texts may quote hostile bytes; a problem is never a reason for another.
  auto body = document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  return {.status = status, .content_type = "application/problem+json", .body = std::move(body)};
}

}  // namespace

Json problem_errors(const Error& error) {
  auto errors = Json::array();
  for (const auto& finding : error.findings) {
    if (errors.size() == kProblemErrors) break;
    errors.push_back({{"pointer", finding.path}, {"code", finding.code}, {"detail", finding.message}});
  }
  if (errors.empty() && !error.where.empty())
    errors.push_back({{"pointer", error.where}, {"code", name(error.code)}, {"detail", error.message}});
  return errors;
}

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return 400;
    case ErrorCode::kUnauthenticated:
      return 401;
    case ErrorCode::kForbidden:
      return 403;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kConflict:
      return 409;
    case ErrorCode::kPreconditionFailed:
      return 412;
    case ErrorCode::kTooLarge:
      return 413;
    case ErrorCode::kUnsupportedMedia:
      return 415;
    case ErrorCode::kValidationFailed:
      return 422;
    case ErrorCode::kPreconditionRequired:
      return 428;
    case ErrorCode::kCorrupt:
    case ErrorCode::kIo:
    case ErrorCode::kInternal:
      return 500;
    case ErrorCode::kUnavailable:
    case ErrorCode::kExhausted:
      return 503;
    case ErrorCode::kTimeout:
      return 504;
  }
  return 500;
}

Response problem(const Error& error) {
  const int status = http_status(error.code);
  if (status == 500)
    return render(500, name(error.code), "the coordinator could not do this; its log says why",
                  Json::array());
  auto response = render(status, name(error.code), error.message, problem_errors(error));
  if (error.code == ErrorCode::kUnauthenticated)
    response.headers.add("WWW-Authenticate", "Bearer realm=\"fieldline\"");
  if (error.code == ErrorCode::kExhausted) response.headers.add("Retry-After", "1");
  return response;
}

Response problem(int status, std::string_view code, std::string_view detail) {
  return render(status, code, detail, Json::array());
}

}  // namespace fieldline::api
