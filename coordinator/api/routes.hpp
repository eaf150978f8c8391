// The table of everything that the API answers. Refuses, at start, a route that does not say who may
// use it, and where. Immutable once made; any thread.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "coordinator/api/http.hpp"
#include "coordinator/api/service.hpp"
#include "coordinator/security/principal.hpp"

namespace fieldline::api {

enum class Body {
  kNone,
  kJson,       // one small object, parsed before the handler sees it; an empty body is {}
  kSelection,  // as kJson, but it may name thousands of instances
  kDocument,   // JSON or YAML text of one document
  kDocuments,  // of many
};
std::size_t body_limit(Body body);

// No credential needed: probes, and logging in.
struct Anyone {};
using Access = std::variant<std::monostate, Anyone, security::Permission>;

// Which site a request concerns. A grant that is limited to sites must have it.
enum class SiteOf {
  kUnsaid,    // only where nothing but viewing is needed, which is never limited
  kPath,      // {site}
  kInstance,  // that of the instance {name}
  kBody,      // those that `in_body` finds; none: as kEvery
  kEvery,     // all that there are: takes a grant without limits
};

}  // namespace fieldline::api

template <>
inline constexpr std::array fieldline::kEnumNames<fieldline::api::SiteOf> =
    std::to_array<std::string_view>({"", "path", "instance", "body", "every"});

namespace fieldline::api {

using SiteNames = std::vector<std::string>;

// Runs on the coordinator's loop; answers then or later. The request is the handler's to take apart.
using Handler = std::function<void(Request&, const Reply&)>;

struct Route {
  Method method = Method::kGet;
  std::string pattern;  // "/api/v1/sites/{site}"
  std::string id;       // the operation's name in the OpenAPI document and in metrics
  Access access;
  SiteOf site = SiteOf::kUnsaid;
  std::vector<std::string_view> query = {};  // the parameters it takes
  Body body = Body::kNone;
  Handler handler;
  std::function<Result<SiteNames>(const Request&)> in_body = {};
};

class RouteTable {
 public:
  // kInvalid names the route without access, site, handler or id, or the second of its kind.
  static Result<RouteTable> make(std::vector<Route> routes);

  struct Match {
    const Route* route = nullptr;
    Params path;
  };
  // HEAD is answered as GET is. Empty when there is no such route.
  [[nodiscard]] std::optional<Match> find(Method method, std::span<const std::string> segments) const;
  // "GET, HEAD, PUT": what the path takes; empty when there is no such path.
  [[nodiscard]] std::string allowed(std::span<const std::string> segments) const;
  [[nodiscard]] std::span<const Route> all() const { return routes_; }

 private:
  using Pattern = std::vector<std::string>;

  RouteTable(std::vector<Route> routes, std::vector<Pattern> patterns)
      : routes_(std::move(routes)), patterns_(std::move(patterns)) {}

  std::vector<Route> routes_;
  std::vector<Pattern> patterns_;  // of each route, by segment
};

}  // namespace fieldline::api
