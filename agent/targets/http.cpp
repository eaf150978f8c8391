#include "agent/targets/http.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "agent/targets/limits.hpp"
#include "agent/targets/text.hpp"

namespace fieldline::targets {
namespace {

constexpr auto kMethods = std::to_array<std::string_view>({"GET", "POST", "PUT", "PATCH", "DELETE"});
// What the connection needs to itself: with these a script could end one request and begin another.
constexpr auto kReserved =
    std::to_array<std::string_view>({"connection", "content-length", "expect", "host", "keep-alive",
                                     "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade"});
constexpr std::string_view kTokenSigns = "!#$%&'*+-.^_`|~";  // RFC 9110, 5.6.2

using Headers = std::map<std::string, std::string>;  // whole lines by lower-case name

template <class... T>
Failure refuse(fmt::format_string<T...> text, T&&... arguments) {
  return fail(ErrorCode::kInvalid, fmt::format(text, std::forward<T>(arguments)...));
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_alphanumeric(c) || kTokenSigns.find(c) != std::string_view::npos;
  });
}

int value_of_hex(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

std::string decoded_once(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? value_of_hex(text[i + 1]) : -1;
    const int low = high < 0 ? -1 : value_of_hex(text[i + 2]);
    if (low < 0) {
      bytes += text[i];
    } else {
      bytes += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return bytes;
}

// Some servers decode more than once, so "%252e%252e" is ".." too.
std::string decoded(std::string_view text) {
  std::string bytes(text);
  for (auto next = decoded_once(bytes); next != bytes; next = decoded_once(bytes)) bytes = std::move(next);
  return bytes;
}

Result<> check_steps(std::string_view path) {
  const auto plain = decoded(path);
  if (std::ranges::any_of(plain, is_control)) return refuse("the path has a control character");
  if (plain.find('\\') != std::string::npos) return refuse("the path has a backslash");
  if (plain.find("//") != std::string::npos || plain.starts_with("/")) return refuse("the path has '//'");
  std::string_view rest = plain;
  while (true) {
    const auto step = rest.substr(0, rest.find('/'));
    // Some servers take what stands behind a semicolon for parameters of the step.
    const auto name = step.substr(0, step.find(';'));
    if (name == "." || name == "..") return refuse("the path has a step '{}'", name);
    if (step.size() == rest.size()) return {};
    rest.remove_prefix(step.size() + 1);
  }
}

std::string in_url(std::string_view text) {
  constexpr std::string_view kEncoded = " \"<>^`{|}";
  std::string url;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) > '~' || kEncoded.find(c) != std::string_view::npos) {
      url += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      url += c;
    }
  }
  return url;
}

Result<> put_header(Headers& headers, const std::string& name, std::string_view value) {
  if (!is_token(name)) return refuse("a header's name is not one");
  auto key = lower(name);
  if (std::ranges::find(kReserved, key) != kReserved.end()) return refuse("the header {} can't be set", key);
  if (value.size() > kHeaderValueBytes) return refuse("the header {} is longer than 8 KiB", key);
  if (std::ranges::any_of(value, is_control)) return refuse("the header {} has a control character", key);
  // libcurl drops a header without a value, but for this form of it.
  headers[std::move(key)] = value.empty() ? name + ";" : fmt::format("{}: {}", name, value);
  return {};
}

Result<> put_headers(Headers& headers, const std::map<std::string, std::string>& given) {
  for (const auto& [name, value] : given) {
    if (auto put = put_header(headers, name, value); !put) return put;
  }
  return {};
}

Result<> put_auth(Headers& headers, const ExternalAuth& auth, Transfer& transfer) {
  switch (auth.kind) {
    case AuthKind::kNone:
      return {};
    case AuthKind::kBasic:
      headers.erase("authorization");
      transfer.user = auth.user;
      transfer.password = auth.secret;
      return {};
    case AuthKind::kBearer:
      return put_header(headers, "Authorization", "Bearer " + auth.secret);
    case AuthKind::kHeader:
      return put_header(headers, auth.name, auth.secret);
  }
  return {};
}

Result<> check_request(const HttpRequest& request) {
  if (std::ranges::find(kMethods, request.method) == kMethods.end()) {
    return refuse("the method is none of GET, POST, PUT, PATCH and DELETE");
  }
  if (request.method == "GET" && !request.body.empty()) return refuse("a GET has no body");
  if (request.body.size() > kRequestBytes) {
    return fail(ErrorCode::kTooLarge, fmt::format("the body is longer than {} bytes", kRequestBytes));
  }
  if (request.headers.size() > kRequestHeaders) return refuse("more than {} headers", kRequestHeaders);
  return {};
}

}  // namespace

Result<std::string> joined_url(std::string_view base_url, std::string_view path) {
  if (path.size() > kPathBytes) return refuse("the path is longer than {} bytes", kPathBytes);
  while (base_url.ends_with('/')) base_url.remove_suffix(1);
  if (path.starts_with('/')) path.remove_prefix(1);
  if (std::ranges::any_of(path, is_control)) return refuse("the path has a control character");
  if (path.find('#') != std::string_view::npos) return refuse("the path has a fragment");
  const auto steps = path.substr(0, path.find('?'));
  if (steps.find("://") != std::string_view::npos)
    return refuse("the path is a URL; give what follows the base");
  if (auto checked = check_steps(steps); !checked) return fail(std::move(checked.error()));
  if (path.empty())
    return std::string(base_url) + (base_url.find('/', 8) == std::string_view::npos ? "/" : "");
  return fmt::format("{}{}{}", base_url, path.starts_with('?') ? "" : "/", in_url(path));
}

Result<Transfer> http_transfer(const ExternalSystem& system, const HttpRequest& request,
                               std::string_view idempotency_key) {
  if (auto checked = check_request(request); !checked) return fail(std::move(checked.error()));
  auto url = joined_url(system.base_url, request.path);
  if (!url) return fail(std::move(url.error()));
  Transfer transfer;
  Headers headers{
      {"expect", "Expect:"}, {"content-type", "Content-Type:"}, {"user-agent", "User-Agent: fieldline"}};
  auto put = put_headers(headers, system.headers);
  if (put) put = put_headers(headers, request.headers);
  if (put && !request.content_type.empty()) put = put_header(headers, "Content-Type", request.content_type);
  if (put && !idempotency_key.empty()) put = put_header(headers, "Idempotency-Key", idempotency_key);
  if (put) put = put_auth(headers, system.auth, transfer);
  if (!put) return fail(std::move(put.error()));
  transfer.target = system.base_url;
  transfer.method = request.method;
  transfer.url = std::move(*url);
  transfer.body = request.body;
  transfer.timeout = std::min(system.timeout, kLongestTimeout);
  for (auto& [name, line] : headers) transfer.headers.push_back(std::move(line));
  return transfer;
}

Outcome http_outcome(const TransferEnd& end) {
  const auto status = end.status;
  // Whoever has said that it took the message has it, even if what it says then is too long or breaks off.
  if (status >= 200 && status < 300) return Delivered{fmt::format("{}", status)};
  if (!end.completed && !(end.too_large && status >= 300)) return Postponed{end.failure};
  const auto said = fmt::format("the system answered {}", status);
  if (status == 408 || status == 425 || status == 429 || status >= 500 || status < 200) {
    const auto wish = end.retry_after > Duration::zero() ? std::optional(end.retry_after) : std::nullopt;
    return Postponed{said, wish};
  }
  if (status < 400) return Refused{said + ", a redirection, which is not followed"};
  return Refused{said};
}

Json json_of(HttpAnswer answer) {
  Json described{{"headers", Json::object()}, {"status", answer.status}};
  for (const auto& [name, value] : answer.headers) described["headers"][name] = value;
  const auto type = answer.headers.find("content-type");
  if (type != answer.headers.end() && lower(type->second).find("json") != std::string::npos) {
    bool deep = false;
    auto parsed = Json::parse(
        answer.body,
        [&](int depth, Json::parse_event_t, Json&) {
          deep = deep || depth > kAnswerDepth;
          return !deep;
        },
        false);
    if (!deep && !parsed.is_discarded()) described["json"] = std::move(parsed);
  }
  described["body"] = std::move(answer.body);
  return described;
}

Result<HttpAnswer> http_answer(TransferEnd end) {
  if (end.too_large) return fail(ErrorCode::kTooLarge, std::move(end.failure));
  if (!end.completed) return fail(ErrorCode::kUnavailable, std::move(end.failure));
  return HttpAnswer{std::move(end.body), std::move(end.headers), end.status};
}

}  // namespace fieldline::targets
