#include "coordinator/api/answers.hpp"

namespace fieldline::api {

using security::Permission;
using templates::DocumentKey;
using templates::DocumentKind;

namespace {

DocumentKey template_of(const Request& request) {
  return {DocumentKind::kTemplate, request.param("name")};
}

}  // namespace

void add_template_routes(Routes& routes, const Rooms& rooms) {
  constexpr auto kTemplate = "/api/v1/templates/{name}";
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/templates",
                    .id = "listTemplates",
                    .access = Permission::kView,
                    .query = {"limit", "cursor"},
                    .handler = [rooms](Request& request, const Reply& reply) {
                      list_documents(rooms, request, reply, DocumentKind::kTemplate, "templates",
                                     [](const templates::Document&) { return true; });
                    }});
  routes.push_back({.method = Method::kGet,
                    .pattern = kTemplate,
                    .id = "getTemplate",
                    .access = Permission::kView,
                    .handler = [rooms](Request& request, const Reply& reply) {
                      get_document(rooms, template_of(request), request, reply);
                    }});
  routes.push_back({.method = Method::kPut,
                    .pattern = kTemplate,
                    .id = "putTemplate",
                    .access = Permission::kDesign,
                    .site = SiteOf::kEvery,
                    .body = Body::kDocument,
                    .handler = [rooms](Request& request, const Reply& reply) {
                      put_document(rooms, template_of(request), request, reply);
                    }});
  routes.push_back({.method = Method::kDelete,
                    .pattern = kTemplate,
                    .id = "deleteTemplate",
                    .access = Permission::kDesign,
                    .site = SiteOf::kEvery,
                    .handler = [rooms](Request& request, const Reply& reply) {
                      remove_document(rooms, template_of(request), request, reply);
                    }});
}

}  // namespace fieldline::api
