#include "coordinator/api/answers.hpp"

namespace fieldline::api {

using security::Permission;
using sites::NodeId;
using templates::DocumentKey;
using templates::DocumentKind;

namespace {

// Asks a node for one page of values after the other, then answers. Lives as long as its questions.
class ValuesWalk : public std::enable_shared_from_this<ValuesWalk> {
 public:
  ValuesWalk(sites::Sites& sites, NodeId node, std::string instance, Reply reply)
      : sites_(sites), node_(std::move(node)), instance_(std::move(instance)), reply_(std::move(reply)) {}

  void ask(std::string cursor) {
    sites_.values(node_, {.cursor = std::move(cursor), .instance = instance_},
                  [self = shared_from_this()](Result<ValuesPage> page) { self->take(std::move(page)); });
  }

 private:
  void take(const Result<ValuesPage>& page) {
    if (!page) return reply_.fail(page.error());
    if (!page->found)
      return reply_.fail({ErrorCode::kNotFound,
                          fmt::format("the instance '{}' does not run at {}", instance_, node_.text()),
                          {},
                          {}});
    for (const auto& value : page->values) {
      auto json = to_json(value.sample);
      json["name"] = value.name;
      values_.push_back(std::move(json));
    }
    if (!page->next.empty()) return ask(page->next);
    reply_.send(json_response(200, {{"instance", instance_},
                                    {"site", node_.site},
                                    {"node", node_.node},
                                    {"values", std::move(values_)}}));
  }

  sites::Sites& sites_;
  const NodeId node_;
  const std::string instance_;
  const Reply reply_;
  Json values_ = Json::array();
};

void get_values(const Rooms& rooms, const Request& request, const Reply& reply) {
  const DocumentKey key{DocumentKind::kInstance, request.param("name")};
  const auto document = rooms.catalog.library()->share(key);
  if (!document) return reply.fail(no_document(key));
  const auto& site = document->instance().site;
  const auto active = rooms.sites.active(site);
  if (!active)
    return reply.fail(
        {ErrorCode::kUnavailable, fmt::format("the site '{}' has no active node now", site), {}, {}});
  std::make_shared<ValuesWalk>(rooms.sites, *active, key.name, reply)->ask("");
}

}  // namespace

void add_value_routes(Routes& routes, const Rooms& rooms) {
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/instances/{name}/values",
                    .id = "getValues",
                    .access = Permission::kView,
                    .handler = handled_by(rooms, get_values)});
}

}  // namespace fieldline::api
