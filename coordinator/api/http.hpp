// Requests and responses as the rest of the room sees them, free of any HTTP library. Plain values.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.hpp"
#include "common/model/fields.hpp"
#include "common/model/json.hpp"
#include "coordinator/security/principal.hpp"

namespace fieldline::api {

enum class Method { kGet, kHead, kPost, kPut, kDelete, kOther };

}  // namespace fieldline::api

template <>
inline constexpr std::array fieldline::kEnumNames<fieldline::api::Method> =
    std::to_array<std::string_view>({"GET", "HEAD", "POST", "PUT", "DELETE", "OTHER"});

namespace fieldline::api {

Method parse_method(std::string_view text);

// Header fields in order of arrival; names compare without regard to case.
class Headers {
 public:
  void add(std::string name, std::string value);
  // The first field of that name; empty when there is none.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
  [[nodiscard]] auto begin() const { return fields_.begin(); }
  [[nodiscard]] auto end() const { return fields_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// What is known of a request before its body arrives.
struct Head {
  Method method = Method::kOther;
  std::string target;  // as sent: "/api/v1/sites/north?x=1"
  Headers headers;
  std::string peer;  // address without port
};

using Params = std::map<std::string, std::string, std::less<>>;

// A target taken apart: segments and parameters decoded, UTF-8 checked.
struct Target {
  std::vector<std::string> segments;
  Params query;
};
// Refuses broken escapes, NUL, bytes that are not UTF-8, repeated parameters.
Result<Target> parse_target(std::string_view target);

struct Request {
  Head head;
  Params path;   // "site" → "north"
  Params query;  // only what the route takes
  std::string body;
  Json document;  // the body of a route that takes JSON
  security::Principal principal;

  [[nodiscard]] const std::string& param(std::string_view name) const { return path.find(name)->second; }
  [[nodiscard]] std::optional<std::string_view> option(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = {};
  std::string body = {};
  Headers headers = {};
};

Response json_response(int status, const Json& body);
Response empty_response(int status);
// "Not Found": what the status line says beside the number (RFC 9110, 15).
std::string_view reason(int status);
// Any text as one segment of a path.
std::string escape_segment(std::string_view text);

}  // namespace fieldline::api
