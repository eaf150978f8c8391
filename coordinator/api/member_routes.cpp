#include "coordinator/api/answers.hpp"
#include "coordinator/api/limits.hpp"
#include "coordinator/api/problem.hpp"
#include "coordinator/templates/effective.hpp"

namespace fieldline::api {

using security::Permission;
using templates::DocumentKey;
using templates::DocumentKind;

namespace {

Response show_members(const templates::Library& library, const DocumentKey& key, const std::string& after,
                      std::size_t limit) {
  const auto page = templates::effective_members(library, key, after, limit);
  if (!page) return problem(page.error());
  return json_response(200, {{"members", to_json(page->members)}, {"next", make_cursor(page->next)}});
}

void list_members(const Rooms& rooms, DocumentKind kind, const Request& request, const Reply& reply) {
  const DocumentKey key{kind, request.param("name")};
  const auto limit = limit_option(request, kPageSize, kLargestPage);
  if (!limit) return reply.fail(limit.error());
  const auto after = cursor_option(request);
  if (!after) return reply.fail(after.error());
  const auto library = rooms.catalog.library();
  if (library->find(key) == nullptr) return reply.fail(no_document(key));
  answer_on_worker(rooms, reply, [library, key, after = *after, limit = static_cast<std::size_t>(*limit)] {
    return show_members(*library, key, after, limit);
  });
}

}  // namespace

void add_member_routes(Routes& routes, const Rooms& rooms) {
  const auto list = [&](DocumentKind kind, std::string pattern, std::string id) {
    routes.push_back({.method = Method::kGet,
                      .pattern = std::move(pattern),
                      .id = std::move(id),
                      .access = Permission::kView,
                      .query = {"limit", "cursor"},
                      .handler = [rooms, kind](Request& request, const Reply& reply) {
                        list_members(rooms, kind, request, reply);
                      }});
  };
  list(DocumentKind::kTemplate, "/api/v1/templates/{name}/members", "listTemplateMembers");
  list(DocumentKind::kInstance, "/api/v1/instances/{name}/members", "listInstanceMembers");
}

}  // namespace fieldline::api
