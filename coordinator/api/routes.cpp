#include "coordinator/api/routes.hpp"

#include <fmt/format.h>

#include <set>

#include "common/base/check.hpp"
#include "coordinator/api/limits.hpp"

namespace fieldline::api {
namespace {

using Segments = std::span<const std::string>;

bool is_parameter(std::string_view segment) {
  return segment.starts_with('{');
}

std::optional<Params> match(Segments pattern, Segments segments) {
  if (pattern.size() != segments.size()) return std::nullopt;
  Params params;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (is_parameter(pattern[i])) {
      if (segments[i].empty()) return std::nullopt;
      params.emplace(pattern[i].substr(1, pattern[i].size() - 2), segments[i]);
    } else if (pattern[i] != segments[i]) {
      return std::nullopt;
    }
  }
  return params;
}

Result<> check(const Route& route) {
  const auto refuse = [&](std::string_view what) {
    return fail(ErrorCode::kInvalid,
                fmt::format("the route {} {} {}", name(route.method), route.pattern, what));
  };
  if (std::holds_alternative<std::monostate>(route.access)) return refuse("does not say who may use it");
  const auto* permission = std::get_if<security::Permission>(&route.access);
  if (permission != nullptr && *permission != security::Permission::kView && route.site == SiteOf::kUnsaid)
    return refuse("does not say which site it concerns");
  const auto has = [&](std::string_view parameter) {
    return route.pattern.find(parameter) != std::string::npos;
  };
  if ((route.site == SiteOf::kPath && !has("{site}")) ||
      (route.site == SiteOf::kInstance && !has("/instances/{name}")) ||
      (route.site == SiteOf::kBody && !route.in_body))
    return refuse("does not bear the site that it concerns");
  if (route.id.empty()) return refuse("has no operation id");
  if (!route.handler) return refuse("has no handler");
  return {};
}

}  // namespace

std::size_t body_limit(Body body) {
  switch (body) {
    case Body::kNone:
    case Body::kJson:
      return kStrangerBodyBytes;
    case Body::kSelection:
    case Body::kDocument:
      return kDocumentBytes;
    case Body::kDocuments:
      return kApplyBytes;
  }
  FIELDLINE_UNREACHABLE();
}

Result<RouteTable> RouteTable::make(std::vector<Route> routes) {
  std::set<std::string> seen;
  std::vector<Pattern> patterns;
  for (const auto& route : routes) {
    if (auto sound = check(route); !sound) return fail(std::move(sound.error()));
    if (!seen.insert(route.id).second ||
        !seen.insert(fmt::format("{} {}", name(route.method), route.pattern)).second)
      return fail(ErrorCode::kInvalid, fmt::format("there are two routes {} ({})", route.pattern, route.id));
    auto target = parse_target(route.pattern);
    if (!target) return fail(std::move(target.error()));
    patterns.push_back(std::move(target->segments));
  }
  return RouteTable(std::move(routes), std::move(patterns));
}

std::optional<RouteTable::Match> RouteTable::find(Method method, Segments segments) const {
  const auto wanted = method == Method::kHead ? Method::kGet : method;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    if (routes_[i].method != wanted) continue;
    if (auto params = match(patterns_[i], segments)) return Match{&routes_[i], std::move(*params)};
  }
  return std::nullopt;
}

std::string RouteTable::allowed(Segments segments) const {
  std::set<std::string_view> methods;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    if (!match(patterns_[i], segments)) continue;
    methods.insert(name(routes_[i].method));
    if (routes_[i].method == Method::kGet) methods.insert(name(Method::kHead));
  }
  return fmt::format("{}", fmt::join(methods, ", "));
}

}  // namespace fieldline::api
