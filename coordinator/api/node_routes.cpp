#include <algorithm>

#include "common/model/names.hpp"
#include "coordinator/api/answers.hpp"
#include "coordinator/api/media.hpp"

namespace fieldline::api {

using security::Permission;
using sites::NodeId;
using templates::DocumentKey;
using templates::DocumentKind;

namespace {

NodeId node_of(const Request& request) {
  return {request.param("site"), request.param("node")};
}

Error no_node(const NodeId& id) {
  return {ErrorCode::kNotFound, fmt::format("the site '{}' has no node '{}'", id.site, id.node), {}, {}};
}

// The site's document, which is where its nodes are named; null after an answer of 404.
templates::DocumentPointer site_document(const Rooms& rooms, const NodeId& id, const Reply& reply) {
  const DocumentKey key{DocumentKind::kSite, id.site};
  auto site = rooms.catalog.library()->share(key);
  if (!site) reply.fail(no_document(key));
  return site;
}

bool has_node(const templates::Document& site, const std::string& node) {
  return std::ranges::find(site.site().nodes, node) != site.site().nodes.end();
}

void write_site(const Rooms& rooms, const templates::Document& before, templates::SiteSpec spec,
                const Request& request, catalog::Answer<catalog::Applied> done) {
  const auto after = templates::make_document(before.key.name, std::move(spec));
  rooms.catalog.put(after->key, to_json(*after).dump(), templates::TextFormat::kJson, before.revision,
                    request.principal.name, std::move(done));
}

void get_node(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto id = node_of(request);
  const auto site = site_document(rooms, id, reply);
  if (!site) return;
  const auto state = rooms.sites.node(id);
  if (!state) return reply.fail(no_node(id));
  auto response = json_response(200, to_json(*state));
  response.headers.add("ETag", etag(site->revision));
  reply.send(std::move(response));
}

void put_node(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto id = node_of(request);
  const auto site = site_document(rooms, id, reply);
  if (!site) return;
  if (!is_name(id.node))
    return reply.fail(
        {ErrorCode::kInvalid, fmt::format("'{}' is not a legal name for a node", id.node), {}, {}});
  if (has_node(*site, id.node))
    return reply.send(json_response(200, {{"site", id.site}, {"node", id.node}, {"outcome", "unchanged"}}));
  auto spec = site->site();
  spec.nodes.push_back(id.node);
  write_site(
      rooms, *site, std::move(spec), request,
      answer_with<catalog::Applied>(reply, [id, reply](const catalog::Applied& applied) {
        note_change(reply, applied);
        auto response = json_response(201, {{"site", id.site}, {"node", id.node}, {"outcome", "created"}});
        response.headers.add("ETag", etag(applied.revision));
        response.headers.add("Location", fmt::format("/api/v1/sites/{}/nodes/{}", id.site, id.node));
        return response;
      }));
}

void delete_node(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto id = node_of(request);
  const auto site = site_document(rooms, id, reply);
  if (!site) return;
  if (!has_node(*site, id.node)) return reply.fail(no_node(id));
  if (const auto sound = check_precondition(request, site->revision); !sound)
    return reply.fail(sound.error());
  auto spec = site->site();
  std::erase(spec.nodes, id.node);
  write_site(rooms, *site, std::move(spec), request,
             answer_with<catalog::Applied>(reply, [reply](const auto& applied) {
               note_change(reply, applied);
               return empty_response(204);
             }));
}

void list_nodes(const Rooms& rooms, const Request& request, const Reply& reply) {
  auto nodes = Json::array();
  const auto site = request.option("site");
  for (const auto& node : rooms.sites.nodes()) {
    if (!site || node.site == *site) nodes.push_back(to_json(node));
  }
  reply.send(json_response(200, {{"nodes", std::move(nodes)}}));
}

struct Acceptance {
  std::string node;
  std::string site;

  static constexpr auto fields =
      fields_in_order(required("node", &Acceptance::node), required("site", &Acceptance::site));
};

Result<SiteNames> accepted_site(const Request& request) {
  Acceptance acceptance;
  if (auto read = from_json(request.document, acceptance); !read) return fail(std::move(read.error()));
  return SiteNames{acceptance.site};
}

void accept_key(const Rooms& rooms, const Request& request, const Reply& reply) {
  Acceptance acceptance;
  if (const auto read = from_json(request.document, acceptance); !read) return reply.fail(read.error());
  const NodeId id{acceptance.site, acceptance.node};
  reply.entry().site = id.site;
  audit::add_details(reply.entry(), {{"node", id.node}, {"fingerprint", request.param("fingerprint")}});
  rooms.sites.accept(request.param("fingerprint"), id, request.principal.name,
                     [&sites = rooms.sites, id, reply](const Result<>& outcome) {
                       if (!outcome) return reply.fail(outcome.error());
                       const auto state = sites.node(id);
                       if (!state) return reply.fail(no_node(id));
                       reply.send(json_response(200, to_json(*state)));
                     });
}

}  // namespace

void add_node_routes(Routes& routes, const Rooms& rooms) {
  constexpr auto kNode = "/api/v1/sites/{site}/nodes/{node}";
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/nodes",
                    .id = "listNodes",
                    .access = Permission::kView,
                    .query = {"site"},
                    .handler = handled_by(rooms, list_nodes)});
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/nodes/pending",
                    .id = "listPendingKeys",
                    .access = Permission::kAdminister,
                    .site = SiteOf::kEvery,
                    .handler = [rooms](Request&, const Reply& reply) {
                      reply.send(json_response(200, {{"pending", to_json(rooms.sites.pending())}}));
                    }});
  routes.push_back({.method = Method::kPost,
                    .pattern = "/api/v1/nodes/pending/{fingerprint}/accept",
                    .id = "acceptKey",
                    .access = Permission::kAdminister,
                    .site = SiteOf::kBody,
                    .body = Body::kJson,
                    .handler = handled_by(rooms, accept_key),
                    .in_body = accepted_site});
  routes.push_back({.method = Method::kGet,
                    .pattern = kNode,
                    .id = "getNode",
                    .access = Permission::kView,
                    .handler = handled_by(rooms, get_node)});
  routes.push_back({.method = Method::kPut,
                    .pattern = kNode,
                    .id = "putNode",
                    .access = Permission::kAdminister,
                    .site = SiteOf::kPath,
                    .handler = handled_by(rooms, put_node)});
  routes.push_back({.method = Method::kDelete,
                    .pattern = kNode,
                    .id = "deleteNode",
                    .access = Permission::kAdminister,
                    .site = SiteOf::kPath,
                    .handler = handled_by(rooms, delete_node)});
}

}  // namespace fieldline::api
