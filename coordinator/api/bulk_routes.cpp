#include "coordinator/api/answers.hpp"
#include "coordinator/api/limits.hpp"

namespace fieldline::api {

using deployment::Bulk;
using deployment::BulkPage;
using deployment::BulkQuery;
using deployment::BulkRequest;
using deployment::BulkState;
using security::Permission;
using templates::DocumentKey;
using templates::DocumentKind;

namespace {

// What the body of a bulk deploy may say.
struct BulkOrder {
  std::optional<std::string> area;
  std::optional<std::vector<std::string>> instances;
  bool stale = false;
  std::optional<std::uint32_t> stop_after_failures;
  std::optional<std::string> template_name;

  static constexpr auto fields =
      fields_in_order(defaulted("area", &BulkOrder::area), defaulted("instances", &BulkOrder::instances),
                      defaulted("stale", &BulkOrder::stale),
                      defaulted("stop_after_failures", &BulkOrder::stop_after_failures),
                      defaulted("template", &BulkOrder::template_name));
};

Result<BulkRequest> read_order(const Request& request) {
  BulkOrder order;
  if (auto read = from_json(request.document, order); !read) return fail(std::move(read.error()));
  if (!order.stale && !order.area && !order.template_name && !order.instances)
    return fail(ErrorCode::kInvalid, "say which instances: stale, area, template, instances");
  if (order.stop_after_failures == 0U)
    return fail(ErrorCode::kInvalid, "it stops after 1 failure at the earliest", "/stop_after_failures");
  return BulkRequest{
      {order.area.value_or(""), std::move(order.instances), order.stale, order.template_name.value_or("")},
      order.stop_after_failures,
      request.principal.name};
}

Response show(const BulkPage& page) {
  auto json = to_json(page.bulk);
  json["over"] = page.bulk.over();
  json["instances"] = to_json(page.instances);
  json["next"] = page.next.empty() ? "" : make_cursor(page.next);
  return json_response(200, json);
}

// As it stands, with the first of its instances.
void show_begun(const Rooms& rooms, const Reply& reply, const std::string& id, bool waited) {
  auto page = rooms.deployments.bulk(id, {"", kPageSize, std::nullopt});
  if (!page) return reply.fail(page.error());
  answer_on_worker(rooms, reply, [page = std::move(*page), waited] {
    auto response = show(page);
    if (waited && page.bulk.over()) return response;
    response.status = 202;
    response.headers.add("Location", "/api/v1/bulk/" + page.bulk.id);
    return response;
  });
}

void deploy_site(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto wait = wait_option(request);
  if (!wait) return reply.fail(wait.error());
  const DocumentKey key{DocumentKind::kSite, request.param("site")};
  if (rooms.catalog.library()->find(key) == nullptr) return reply.fail(no_document(key));
  auto order = read_order(request);
  if (!order) return reply.fail(order.error());
  rooms.deployments.deploy_all(key.name, std::move(*order), [rooms, reply, wait = *wait](Result<Bulk> begun) {
    if (!begun) return reply.fail(begun.error());
    // Of each instance the end is recorded for itself.
    audit::add_details(reply.entry(), {{"bulk", begun->id}, {"counts", to_json(begun->counts)}});
    if (wait == Duration(0)) return show_begun(rooms, reply, begun->id, false);
    rooms.deployments.wait_for_bulk(begun->id, wait, [rooms, reply](const Result<Bulk>& bulk) {
      if (!bulk) return reply.fail(bulk.error());
      show_begun(rooms, reply, bulk->id, true);
    });
  });
}

void get_bulk(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto state = enum_option<BulkState>(request, "state");
  if (!state) return reply.fail(state.error());
  const auto limit = limit_option(request, kPageSize, kLargestPage);
  if (!limit) return reply.fail(limit.error());
  auto after = cursor_option(request);
  if (!after) return reply.fail(after.error());
  const BulkQuery query{std::move(*after), static_cast<std::size_t>(*limit), *state};
  auto page = rooms.deployments.bulk(request.param("id"), query);
  if (!page) return reply.fail(page.error());
  answer_on_worker(rooms, reply, [page = std::move(*page)] { return show(page); });
}

}  // namespace

void add_bulk_routes(Routes& routes, const Rooms& rooms) {
  routes.push_back({.method = Method::kPost,
                    .pattern = "/api/v1/sites/{site}/deploy",
                    .id = "deploySite",
                    .access = Permission::kDeploy,
                    .site = SiteOf::kPath,
                    .query = {"wait"},
                    .body = Body::kSelection,
                    .handler = handled_by(rooms, deploy_site)});
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/bulk/{id}",
                    .id = "getBulk",
                    .access = Permission::kView,
                    .query = {"state", "limit", "cursor"},
                    .handler = handled_by(rooms, get_bulk)});
}

}  // namespace fieldline::api
