#include "coordinator/api/front.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/check.hpp"
#include "common/base/fail_point.hpp"
#include "coordinator/api/cookies.hpp"
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

bool changes(const Route& route) {
  return route.method != Method::kGet && route.method != Method::kHead;
}

// Logging in makes nothing that outlives the process, and anyone may try: it need not be put down before.
bool intends(const Route& route) {
  return changes(route) && std::holds_alternative<security::Permission>(route.access);
}

// Bodies and parameters are not in it: they may hold secrets.
audit::Entry entry_of(const Route& route, const std::vector<std::string>& segments, const Params& path,
                      const std::optional<security::Principal>& principal, const Head& head) {
  audit::Entry entry;
  entry.action = route.id;
  entry.method = name(route.method);
  entry.path = fmt::format("/{}", fmt::join(segments, "/"));
  entry.address = head.peer;
  entry.kind = audit::kAnonymous;
  if (principal) {
    entry.kind = principal->is_user ? "user" : "token";
    entry.who = principal->name;
  }
  if (const auto site = path.find("site"); site != path.end()) entry.site = site->second;
  if (const auto named = path.find("name");
      named != path.end() && route.pattern.starts_with("/api/v1/instances/"))
    entry.instance = named->second;
  return entry;
}

Response unrecorded() {
  return problem(503, "unrecorded",
                 "the change may have been made, but the audit log could not record it: look before you send "
                 "it again");
}

// Puts what came of a request into the audit log. Outlives the front.
struct Recorder {
  std::function<void(audit::Entry, audit::Log::Done)> put;
  std::shared_ptr<audit::Strangers> strangers;

  void record(audit::Entry entry, int status, const audit::Log::Done& done) const {
    entry.result = std::to_string(status);
    if (entry.kind == audit::kAnonymous && status >= 400) {
      const auto counted = strangers->refused();
      if (!counted) return done({});
      if (*counted > 0) audit::add_details(entry, {{"refused_before", *counted}});
    }
    put(std::move(entry), done);
  }
};

}  // namespace

Front::Front(Neighbours neighbours, RouteTable routes)
    : neighbours_(std::move(neighbours)),
      routes_(std::move(routes)),
      attempts_(neighbours_.loop.clock(), {}),
      strangers_(std::make_shared<audit::Strangers>(neighbours_.loop.clock())) {}

Front::OrAnswer<security::Principal> Front::authenticate(const Head& head) const {
  auto& security = neighbours_.security;
  if (head.headers.find("Authorization")) {
    const auto token = bearer(head.headers);
    auto principal = token ? security.who_bears(*token) : std::nullopt;
    if (!principal) return answer(ErrorCode::kUnauthenticated, "this token is not, or no longer, valid");
    return std::move(*principal);
  }
  const auto secret = find_cookie(head.headers, kSessionCookie);
  if (!secret)
    return answer(ErrorCode::kUnauthenticated, "send the header 'Authorization: Bearer <token>', or log in");
  auto principal = security.who_is_in(*secret);
  if (!principal) return answer(ErrorCode::kUnauthenticated, "this session has ended: log in again");
  if (auto meant = check_meant(head, *principal); !meant) return tl::unexpected(problem(meant.error()));
  return std::move(*principal);
}

Result<SiteNames> Front::concerned(const Route& route, const Request& request) const {
  switch (route.site) {
    case SiteOf::kPath:
      return SiteNames{request.param("site")};
    case SiteOf::kInstance: {
      const auto& instance = request.param("name");
      auto site = neighbours_.site_of(instance);
      if (!site) return fail(ErrorCode::kNotFound, fmt::format("there is no instance named '{}'", instance));
      return SiteNames{std::move(*site)};
    }
    case SiteOf::kBody:
      return route.in_body(request);
    case SiteOf::kEvery:
    case SiteOf::kUnsaid:
      return SiteNames();
  }
  FIELDLINE_UNREACHABLE();
}

Result<> Front::judge(const Route& route, const Request& request,
                      const security::Principal& principal) const {
  const auto* needed = std::get_if<security::Permission>(&route.access);
  if (needed == nullptr || security::may_everywhere(principal, *needed)) return {};
  const auto refuse = [&](std::string_view where) {
    return fail(ErrorCode::kForbidden,
                fmt::format("'{}' lacks the permission '{}'{}", principal.name, name(*needed), where));
  };
  if (!security::may(principal, *needed)) return refuse("");
  const auto sites = concerned(route, request);
  if (!sites) return fail(sites.error());
  if (sites->empty()) return refuse(" at every site, which this takes");
  for (const auto& site : *sites) {
    if (!security::may_at(principal, *needed, site)) return refuse(fmt::format(" at the site '{}'", site));
  }
  return {};
}

std::optional<Response> Front::check_caller(Admission& admission, const Head& head) const {
  if (const auto* needed = std::get_if<security::Permission>(&admission.route->access)) {
    auto principal = authenticate(head);
    if (!principal) return std::move(principal.error());
    Request asked;
    asked.path = admission.path;
    // What a body names is judged once it is here.
    const bool later = admission.route->site == SiteOf::kBody && security::may(*principal, *needed);
    const auto allowed = later ? Result<>() : judge(*admission.route, asked, *principal);
    admission.principal = std::move(*principal);
    if (!allowed) return problem(allowed.error());
  }
  if (const auto unknown = stranger(admission.query, admission.route->query))
    return problem(Error{ErrorCode::kInvalid,
                         fmt::format("there is no parameter named '{}' here", *unknown),
                         fmt::format("?{}", *unknown),
                         {}});
  return std::nullopt;
}

Front::Admission Front::admit(const Head& head) const {
  Admission admission;
  auto target = parse_target(head.target);
  if (!target) {
    admission.refusal = problem(target.error());
    return admission;
  }
  admission.segments = std::move(target->segments);
  auto match = routes_.find(head.method, admission.segments);
  if (!match) {
    const auto allowed = routes_.allowed(admission.segments);
    admission.refusal = allowed.empty()
                            ? problem(Error{ErrorCode::kNotFound, "there is nothing at this path", {}, {}})
                            : problem(405, "method-not-allowed", fmt::format("this path takes {}", allowed));
    if (!allowed.empty()) admission.refusal->headers.add("Allow", allowed);
    return admission;
  }
  admission.route = match->route;
  admission.path = std::move(match->path);
  admission.query = std::move(target->query);
  admission.refusal = check_caller(admission, head);
  return admission;
}

Allowance Front::allow(const Head& head) {
  return allowance(admit(head), head);
}

// What is refused before its body was read never comes to serve().
Allowance Front::allowance(Admission admission, const Head& head) const {
  const auto limit = admission.refusal ? kStrangerBodyBytes : body_limit(admission.route->body);
  auto refusal =
      admission.refusal
          ? std::move(*admission.refusal)
          : problem(Error{
                ErrorCode::kTooLarge, fmt::format("the body may have {} bytes at most here", limit), {}, {}});
  Allowance allowance{limit, std::move(refusal)};
  if (admission.route != nullptr && changes(*admission.route)) {
    const Recorder recorder{neighbours_.record, strangers_};
    allowance.told =
        [recorder, status = allowance.otherwise.status,
         entry = entry_of(*admission.route, admission.segments, admission.path, admission.principal, head)] {
          recorder.record(entry, status, [](const Result<>&) {});
        };
  }
  return allowance;
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
  reply.observe([&clock, count = neighbours_.count, secure = neighbours_.secure,
                 operation = std::string(operation), begun = clock.now()](Response& response) {
    response.headers.add("Cache-Control", "no-store");
    if (secure) response.headers.add("Strict-Transport-Security", "max-age=31536000");
    count(operation, response.status, clock.now() - begun);
  });
}

void Front::guard(const Reply& reply, const Admission& admission) const {
  if (!admission.principal) return;
  const auto asked = std::make_shared<Request>();
  asked->path = admission.path;
  reply.guard([this, asked, &route = *admission.route, principal = *admission.principal] {
    const auto now = neighbours_.security.again(principal);
    return now && judge(route, *asked, *now).has_value();
  });
}

void Front::hold(const Reply& reply, const Admission& admission, const Head& head) const {
  if (admission.route == nullptr || !changes(*admission.route)) return;
  const Recorder recorder{neighbours_.record, strangers_};
  reply.hold(entry_of(*admission.route, admission.segments, admission.path, admission.principal, head),
             [recorder](audit::Entry entry, Response response, const Reply::Pass& pass) {
               fail_point("request.answered");
               const auto status = response.status;
               auto held = std::make_shared<Response>(std::move(response));
               recorder.record(std::move(entry), status, [pass, held](const Result<>& outcome) {
                 pass(outcome ? std::move(*held) : unrecorded());
               });
             });
}

void Front::serve(Request request, Reply reply) {
  auto admission = admit(request.head);
  watch(reply, admission.refusal ? "none" : admission.route->id);
  hold(reply, admission, request.head);
  if (admission.refusal) return reply.send(slowed_down(std::move(*admission.refusal), request.head));
  const auto& route = *admission.route;
  if (auto sound = check_body(route, request); !sound) return reply.fail(sound.error());
  guard(reply, admission);
  request.path = std::move(admission.path);
  request.query = std::move(admission.query);
  if (admission.principal) request.principal = std::move(*admission.principal);
  // Judged again where nothing changes between that and the handler.
  neighbours_.loop.post([this, &route, reply, request = std::make_shared<Request>(std::move(request))] {
    if (!intends(route)) return carry_out(route, *request, reply);
    if (const auto allowed = judge(route, *request, request->principal); !allowed)
      return reply.fail(allowed.error());
    neighbours_.intend(reply.entry(), [this, &route, reply, request](const Result<std::int64_t>& intent) {
      if (!intent)
        return reply.fail({ErrorCode::kUnavailable,
                           "the audit log can't record that this was asked for, so it was not carried out",
                           {},
                           {}});
      reply.entry().intent = *intent;
      carry_out(route, *request, reply);
    });
  });
}

void Front::carry_out(const Route& route, Request& request, const Reply& reply) const {
  if (const auto allowed = judge(route, request, request.principal); !allowed)
    return reply.fail(allowed.error());
  route.handler(request, reply);
}

}  // namespace fieldline::api
