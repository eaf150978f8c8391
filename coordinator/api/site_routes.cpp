#include "coordinator/api/answers.hpp"

namespace fieldline::api {

using security::Permission;
using templates::Document;
using templates::DocumentKey;
using templates::DocumentKind;

namespace {

DocumentKey site_of(const Request& request) {
  return {DocumentKind::kSite, request.param("site")};
}

DocumentKey connection_of(const Request& request) {
  return templates::connection_key(request.param("site"), request.param("name"));
}

void list_connections(const Rooms& rooms, const Request& request, const Reply& reply) {
  if (rooms.catalog.library()->find(site_of(request)) == nullptr)
    return reply.fail(no_document(site_of(request)));
  list_documents(rooms, request, reply, DocumentKind::kConnection, "connections",
                 [prefix = request.param("site") + "/"](const Document& connection) {
                   return connection.key.name.starts_with(prefix);
                 });
}

}  // namespace

void add_site_routes(Routes& routes, const Rooms& rooms) {
  constexpr auto kSites = "/api/v1/sites";
  constexpr auto kSite = "/api/v1/sites/{site}";
  constexpr auto kConnections = "/api/v1/sites/{site}/connections";
  constexpr auto kConnection = "/api/v1/sites/{site}/connections/{name}";
  routes.push_back({.method = Method::kGet,
                    .pattern = kSites,
                    .id = "listSites",
                    .access = Permission::kView,
                    .query = {"limit", "cursor"},
                    .handler = [rooms](Request& request, const Reply& reply) {
                      list_documents(rooms, request, reply, DocumentKind::kSite, "sites",
                                     [](const Document&) { return true; });
                    }});
  routes.push_back({.method = Method::kGet,
                    .pattern = kSite,
                    .id = "getSite",
                    .access = Permission::kView,
                    .handler = [rooms](Request& request, const Reply& reply) {
                      get_document(rooms, site_of(request), request, reply);
                    }});
  routes.push_back({.method = Method::kPut,
                    .pattern = kSite,
                    .id = "putSite",
                    .access = Permission::kAdminister,
                    .site = SiteOf::kPath,
                    .body = Body::kDocument,
                    .handler = [rooms](Request& request, const Reply& reply) {
                      put_document(rooms, site_of(request), request, reply);
                    }});
  routes.push_back({.method = Method::kDelete,
                    .pattern = kSite,
                    .id = "deleteSite",
                    .access = Permission::kAdminister,
                    .site = SiteOf::kPath,
                    .handler = [rooms](Request& request, const Reply& reply) {
                      remove_document(rooms, site_of(request), request, reply);
                    }});
  routes.push_back({.method = Method::kGet,
                    .pattern = kConnections,
                    .id = "listConnections",
                    .access = Permission::kView,
                    .query = {"limit", "cursor"},
                    .handler = handled_by(rooms, list_connections)});
  routes.push_back({.method = Method::kGet,
                    .pattern = kConnection,
                    .id = "getConnection",
                    .access = Permission::kView,
                    .handler = [rooms](Request& request, const Reply& reply) {
                      get_document(rooms, connection_of(request), request, reply);
                    }});
  routes.push_back({.method = Method::kPut,
                    .pattern = kConnection,
                    .id = "putConnection",
                    .access = Permission::kDesign,
                    .site = SiteOf::kPath,
                    .body = Body::kDocument,
                    .handler = [rooms](Request& request, const Reply& reply) {
                      put_document(rooms, connection_of(request), request, reply);
                    }});
  routes.push_back({.method = Method::kDelete,
                    .pattern = kConnection,
                    .id = "deleteConnection",
                    .access = Permission::kDesign,
                    .site = SiteOf::kPath,
                    .handler = [rooms](Request& request, const Reply& reply) {
                      remove_document(rooms, connection_of(request), request, reply);
                    }});
}

}  // namespace fieldline::api
