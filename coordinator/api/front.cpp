#include "coordinator/api/front.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/api/limits.hpp"
#include "coordinator/api/media.hpp"
#include "coordinator/api/problem.hpp"
#include "coordinator/templates/text.hpp"

namespace fieldline::api {
namespace {

tl::unexpected<Response> answer(ErrorCode code, std::string message, std::string where = {}) {
  return tl::unexpected(problem(Error{code, std::move(message), std::move(where), {}}));
}

// The token of "Authorization: Bearer <token>" (RFC 6750, 2.1); the scheme in any case.
std::optional<std::string_view> bearer(const Headers& headers) {
  static constexpr std::string_view kScheme = "bearer ";
  const auto field = headers.find("Authorization");
  if (!field || field->size() <= kScheme.size()) return std::nullopt;
  const auto same = [](char a, char b) { return (a | 0x20) == b || a == b; };
  if (!std::ranges::equal(field->substr(0, kScheme.size()), kScheme, same)) return std::nullopt;
  return field->substr(kScheme.size());
}

std::optional<std::string_view> stranger(const Params& query, const std::vector<std::string_view>& known) {
  for (const auto& [name, value] : query) {
    if (std::ranges::find(known, name) == known.end()) return name;
  }
  return std::nullopt;
}

Result<Json> parse_object(const std::string& body) {
  if (body.empty()) return Json::object();
  auto trees = templates::parse_json(body);
  if (!trees) return fail(std::move(trees.error()));
  if (trees->size() != 1 || !trees->front().is_object())
    return fail(ErrorCode::kInvalid, "the body must be one JSON object");
  return std::move(trees->front());
}

Result<> check_body(const Route& route, Request& request) {
  if (route.body == Body::kNone)
    return request.body.empty() ? Result<>() : fail(ErrorCode::kInvalid, "this operation takes no body");
  if (route.body == Body::kJson || route.body == Body::kSelection) {
    if (!request.body.empty() && media_type(request.head) != "application/json")
      return fail(ErrorCode::kUnsupportedMedia, "send the body as application/json");
    auto document = parse_object(request.body);
    if (!document) return fail(std::move(document.error()));
    request.document = std::move(*document);
    return {};
  }
  if (!text_format(request.head))
    return fail(ErrorCode::kUnsupportedMedia, "send documents as application/json or application/yaml");
  return {};
}

}  // namespace

Front::Front(Neighbours neighbours, RouteTable routes)
    : neighbours_(std::move(neighbours)), routes_(std::move(routes)), attempts_(neighbours_.loop.clock()) {}

Front::OrAnswer<security::Principal> Front::authenticate(const Head& head) const {
  const auto token = bearer(head.headers);
  if (!token) return answer(ErrorCode::kUnauthenticated, "send the header 'Authorization: Bearer <token>'");
  auto principal = neighbours_.who(*token);
  if (!principal) return answer(ErrorCode::kUnauthenticated, "this token is not, or no longer, valid");
  return std::move(*principal);
}

Front::OrAnswer<Front::Admission> Front::admit(const Head& head) const {
  auto target = parse_target(head.target);
  if (!target) return tl::unexpected(problem(target.error()));
  auto match = routes_.find(head.method, target->segments);
  if (!match) {
    const auto allowed = routes_.allowed(target->segments);
    if (allowed.empty()) return answer(ErrorCode::kNotFound, "there is nothing at this path");
    auto refusal = problem(405, "method-not-allowed", fmt::format("this path takes {}", allowed));
    refusal.headers.add("Allow", allowed);
    return tl::unexpected(std::move(refusal));
  }
  Admission admission{match->route, std::move(match->path), std::move(target->query), {}};
  if (const auto* needed = std::get_if<security::Permission>(&match->route->access)) {
    auto principal = authenticate(head);
    if (!principal) return tl::unexpected(std::move(principal.error()));
    if (!security::may(*principal, *needed))
      return answer(ErrorCode::kForbidden,
                    fmt::format("'{}' lacks the permission '{}'", principal->name, name(*needed)));
    admission.principal = std::move(*principal);
  }
  if (const auto unknown = stranger(admission.query, admission.route->query))
    return answer(ErrorCode::kInvalid, fmt::format("there is no parameter named '{}' here", *unknown),
                  fmt::format("?{}", *unknown));
  return admission;
}

Allowance Front::allow(const Head& head) {
  auto admission = admit(head);
  if (!admission) return {kStrangerBodyBytes, std::move(admission.error())};
  const auto limit = body_limit(admission->route->body);
  return {limit,
          problem(Error{
              ErrorCode::kTooLarge, fmt::format("the body may have {} bytes at most here", limit), {}, {}})};
}

Response Front::slowed_down(Response answer, const Head& head) {
  if (answer.status != 401 || !head.headers.find("Authorization")) return answer;
  if (attempts_.fail_from(head.peer)) return answer;
  auto slower = problem(429, "too-many-attempts", "too many wrong tokens from this address");
  slower.headers.add("Retry-After", "1");
  return slower;
}

void Front::watch(const Reply& reply, std::string_view operation) const {
  const auto& clock = neighbours_.loop.clock();
  reply.observe([&clock, count = neighbours_.count, operation = std::string(operation),
                 begun = clock.now()](Response& response) {
    response.headers.add("Cache-Control", "no-store");
    count(operation, response.status, clock.now() - begun);
  });
}

void Front::serve(Request request, Reply reply) {
  auto admission = admit(request.head);
  watch(reply, admission ? admission->route->id : "none");
  if (!admission) return reply.send(slowed_down(std::move(admission.error()), request.head));
  const auto& route = *admission->route;
  if (auto sound = check_body(route, request); !sound) return reply.fail(sound.error());
  request.path = std::move(admission->path);
  request.query = std::move(admission->query);
  request.principal = std::move(admission->principal);
  neighbours_.loop.post([&route, reply, request = std::make_shared<Request>(std::move(request))] {
    route.handler(*request, reply);
  });
}

}  // namespace fieldline::api
