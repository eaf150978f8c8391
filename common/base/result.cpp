#include "common/base/result.hpp"

#include "common/base/check.hpp"

namespace fieldline {

std::string_view name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return "invalid";
    case ErrorCode::kNotFound:
      return "not-found";
    case ErrorCode::kConflict:
      return "conflict";
    case ErrorCode::kPreconditionRequired:
      return "precondition-required";
    case ErrorCode::kPreconditionFailed:
      return "precondition-failed";
    case ErrorCode::kValidationFailed:
      return "validation-failed";
    case ErrorCode::kUnauthenticated:
      return "unauthenticated";
    case ErrorCode::kForbidden:
      return "forbidden";
    case ErrorCode::kTooLarge:
      return "too-large";
    case ErrorCode::kUnsupportedMedia:
      return "unsupported-media-type";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kExhausted:
      return "exhausted";
    case ErrorCode::kCorrupt:
      return "corrupt";
    case ErrorCode::kIo:
      return "io";
    case ErrorCode::kInternal:
      return "internal";
  }
  FIELDLINE_UNREACHABLE();
}

std::string Error::describe() const {
  std::string text{name(code)};
  text += ": ";
  text += message;
  if (!where.empty()) text += " (" + where + ")";
  for (const auto& finding : findings) {
    text += "\n  " + finding.code + " " + finding.path + ": " + finding.message;
  }
  return text;
}

}  // namespace fieldline
