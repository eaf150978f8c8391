#include <memory>
#include <utility>

#include "coordinator/api/answers.hpp"
#include "coordinator/api/limits.hpp"
#include "coordinator/api/options.hpp"

namespace fieldline::api {

using security::Permission;
using sites::NodeId;
using templates::DocumentKey;
using templates::DocumentKind;

namespace {

Json switch_of(const std::string& site, const std::string& from, const std::optional<NodeId>& active) {
  Json json{{"site", site}, {"from", from}};
  if (active) json["active"] = active->node;
  return json;
}

Error given_up(const NodeId& node) {
  return {ErrorCode::kConflict,
          fmt::format("the switch was given up and '{}' stays active: the events of the site '{}' say why",
                      node.node, node.site),
          "switch-failed",
          {}};
}

// A switch that has begun: answered once another node is active or it is given up, or when the client has
// waited long enough.
class FailoverWait : public std::enable_shared_from_this<FailoverWait> {
 public:
  FailoverWait(const Rooms& rooms, NodeId from, Duration wait, Reply reply)
      : rooms_(rooms),
        from_(std::move(from)),
        until_(rooms.loop.clock().now() + wait),
        reply_(std::move(reply)) {}

  void look() {
    const auto active = rooms_.sites.active(from_.site);
    const bool done = active && active->node != from_.node;
    const auto former = rooms_.sites.node(from_);
    if (!done && former && former->phase == NodePhase::kActive) return reply_.fail(given_up(from_));
    if (!done && rooms_.loop.clock().now() < until_) {
      rooms_.loop.after(kFailoverLook, [self = shared_from_this()] { self->look(); });
      return;
    }
    reply_.send(json_response(done ? 200 : 202, switch_of(from_.site, from_.node, active)));
  }

 private:
  const Rooms rooms_;
  const NodeId from_;
  const Instant until_;
  const Reply reply_;
};

void fail_over(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto wait = wait_option(request);
  if (!wait) return reply.fail(wait.error());
  const DocumentKey key{DocumentKind::kSite, request.param("site")};
  if (rooms.catalog.library()->find(key) == nullptr) return reply.fail(no_document(key));
  reply.entry().site = key.name;
  const auto active = rooms.sites.active(key.name);
  if (!active)
    return reply.fail({ErrorCode::kUnavailable,
                       fmt::format("no active node of the site '{}' is connected", key.name),
                       {},
                       {}});
  audit::add_details(reply.entry(), {{"from", active->node}});
  auto watch = std::make_shared<FailoverWait>(rooms, *active, *wait, reply);
  rooms.sites.hand_over(*active, [watch, reply](const Result<>& begun) {
    if (!begun) return reply.fail(begun.error());
    watch->look();
  });
}

template <bool enter>
void maintain(const Rooms& rooms, const Request& request, const Reply& reply) {
  const NodeId id{request.param("site"), request.param("node")};
  audit::add_details(reply.entry(), {{"node", id.node}});
  if (!rooms.sites.node(id))
    return reply.fail({ErrorCode::kNotFound, fmt::format("there is no node '{}'", id.text()), {}, {}});
  rooms.sites.maintain(id, enter, [id, reply](const Result<>& outcome) {
    if (!outcome) return reply.fail(outcome.error());
    reply.send(json_response(200, {{"site", id.site}, {"node", id.node}, {"maintenance", enter}}));
  });
}

Route maintenance(Method method, const Rooms& rooms) {
  Route route;
  route.method = method;
  route.pattern = "/api/v1/sites/{site}/nodes/{node}/maintenance";
  route.id = method == Method::kPut ? "enterMaintenance" : "leaveMaintenance";
  route.access = Permission::kOperate;
  route.site = SiteOf::kPath;
  route.handler =
      method == Method::kPut ? handled_by(rooms, maintain<true>) : handled_by(rooms, maintain<false>);
  return route;
}

}  // namespace

void add_failover_routes(Routes& routes, const Rooms& rooms) {
  routes.push_back({.method = Method::kPost,
                    .pattern = "/api/v1/sites/{site}/failover",
                    .id = "failOverSite",
                    .access = Permission::kOperate,
                    .site = SiteOf::kPath,
                    .query = {"wait"},
                    .handler = handled_by(rooms, fail_over)});
  routes.push_back(maintenance(Method::kPut, rooms));
  routes.push_back(maintenance(Method::kDelete, rooms));
}

}  // namespace fieldline::api
