#include "coordinator/api/intake.hpp"

#include <fmt/format.h>
#include <http_parser.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "common/base/check.hpp"
#include "coordinator/api/limits.hpp"
#include "coordinator/api/problem.hpp"

namespace fieldline::api {
namespace {

// RFC 9110, 5.6.2. The parser itself lets blanks pass in names, which is how requests are smuggled.
bool is_token(std::string_view name) {
  return std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

}  // namespace

// The message being read. Its callbacks return -1 to stop the parser; `refusal` says why.
struct Intake::Message {
  http_parser parser;
  http_parser_settings settings;
  Allow allow;
  std::string peer;

  Head head;
  std::string field;
  std::string value;
  bool in_value = false;
  bool in_trailer = false;
  std::size_t header_bytes = 0;
  std::size_t body_bytes = 0;
  Allowance allowance;
  std::optional<Response> refusal;
  bool expects_continue = false;
  bool complete = false;

  static Message& of(http_parser* parser) { return *static_cast<Message*>(parser->data); }

  int refuse(Response response) {
    refusal = std::move(response);
    return -1;  // after a head 1 would mean "no body", not "stop"
  }

  int begin();
  int take_target(std::string_view part);
  int take_field(std::string_view part);
  int take_value(std::string_view part);
  int end_field();
  int end_head();
  int take_body(std::size_t bytes);
  int too_large() {
    if (allowance.told) allowance.told();
    return refuse(std::move(allowance.otherwise));
  }
};

int Intake::Message::begin() {
  head = {};
  field.clear();
  value.clear();
  in_value = in_trailer = complete = expects_continue = false;
  header_bytes = body_bytes = 0;
  return 0;
}

int Intake::Message::take_target(std::string_view part) {
  head.target += part;
  if (head.target.size() <= kTargetBytes) return 0;
  return refuse(
      problem(414, "uri-too-long", fmt::format("the request target is over {} bytes", kTargetBytes)));
}

int Intake::Message::end_field() {
  if (!is_token(field))
    return refuse(problem(400, "malformed-request", "the name of a header field has an illegal character"));
  if (!in_value) return 0;
  if (!in_trailer) head.headers.add(std::move(field), std::move(value));
  field.clear();
  value.clear();
  in_value = false;
  return 0;
}

int Intake::Message::take_field(std::string_view part) {
  if (end_field() != 0) return -1;
  field += part;
  header_bytes += part.size();
  const auto fields = static_cast<std::size_t>(head.headers.end() - head.headers.begin());
  if (header_bytes <= kHeaderBytes && fields < kHeaderFields) return 0;
  return refuse(problem(
      431, "headers-too-large",
      fmt::format("the header fields are over {} bytes or more than {}", kHeaderBytes, kHeaderFields)));
}

int Intake::Message::take_value(std::string_view part) {
  in_value = true;
  value += part;
  header_bytes += part.size();
  if (header_bytes <= kHeaderBytes) return 0;
  return refuse(
      problem(431, "headers-too-large", fmt::format("the header fields are over {} bytes", kHeaderBytes)));
}

int Intake::Message::end_head() {
  if (end_field() != 0) return -1;
  if (parser.http_major != 1)
    return refuse(problem(505, "http-version-not-supported", "this server speaks HTTP/1.1"));
  in_trailer = true;
  head.method = parse_method(http_method_str(static_cast<http_method>(parser.method)));
  head.peer = peer;
  if (parser.method == HTTP_CONNECT)
    return refuse(problem(501, "not-a-proxy", "this server connects nobody to others"));
  parser.upgrade = 0;  // offers to speak another protocol are not taken up (RFC 9110, 7.8)
  const bool chunked = (parser.flags & F_CHUNKED) != 0;
  const auto announced = (parser.flags & F_CONTENTLENGTH) != 0 ? parser.content_length : 0;
  if (!chunked && announced == 0) return 0;
  allowance = allow(head);
  if (announced > allowance.body_bytes) return too_large();
  expects_continue = head.headers.find("Expect").has_value();
  return 0;
}

int Intake::Message::take_body(std::size_t bytes) {
  body_bytes += bytes;
  return body_bytes > allowance.body_bytes ? too_large() : 0;
}

Intake::Intake(Allow allow, std::string peer) : message_(std::make_unique<Message>()) {
  auto& message = *message_;
  message.allow = std::move(allow);
  message.peer = std::move(peer);
  http_parser_init(&message.parser, HTTP_REQUEST);
  message.parser.data = &message;
  auto& settings = message.settings;
  http_parser_settings_init(&settings);
  settings.on_message_begin = [](http_parser* p) { return Message::of(p).begin(); };
  settings.on_url = [](http_parser* p, const char* at, size_t n) {
    return Message::of(p).take_target({at, n});
  };
  settings.on_header_field = [](http_parser* p, const char* at, size_t n) {
    return Message::of(p).take_field({at, n});
  };
  settings.on_header_value = [](http_parser* p, const char* at, size_t n) {
    return Message::of(p).take_value({at, n});
  };
  settings.on_headers_complete = [](http_parser* p) { return Message::of(p).end_head(); };
  settings.on_body = [](http_parser* p, const char*, size_t n) { return Message::of(p).take_body(n); };
  settings.on_message_complete = [](http_parser* p) {
    Message::of(p).complete = true;
    http_parser_pause(p, 1);
    return 0;
  };
}

Intake::~Intake() = default;

Intake::Verdict Intake::take(std::span<const char> bytes) {
  auto& message = *message_;
  FIELDLINE_CHECK(!message.refusal);
  Verdict verdict;
  std::size_t read = 0;
  while (read < bytes.size()) {
    message.complete = false;
    read += http_parser_execute(&message.parser, &message.settings, bytes.data() + read, bytes.size() - read);
    if (message.complete) {
      // Paused at the last byte of the message; what follows is the next one.
      http_parser_pause(&message.parser, 0);
      verdict.pass = read;
      continue;
    }
    const auto code = HTTP_PARSER_ERRNO(&message.parser);
    if (code == HPE_OK) break;
    if (!message.refusal && code == HPE_HEADER_OVERFLOW)
      message.refusal = problem(431, "headers-too-large", "the header fields are too large");
    if (!message.refusal)
      message.refusal = problem(400, "malformed-request",
                                fmt::format("this is not HTTP/1.1: {}", http_errno_description(code)));
    verdict.refusal = message.refusal;
    return verdict;
  }
  verdict.pass = bytes.size();
  verdict.expects_continue = std::exchange(message.expects_continue, false) && !message.complete;
  return verdict;
}

}  // namespace fieldline::api
