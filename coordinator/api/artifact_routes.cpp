#include "coordinator/api/answers.hpp"

namespace fieldline::api {

using security::Permission;
using templates::Document;
using templates::DocumentKey;
using templates::DocumentKind;

namespace {

Result<DocumentKind> kind_of(const Request& request) {
  const auto& folder = request.param("kind");
  if (const auto kind = templates::artifact_kind(folder)) return *kind;
  return fail(ErrorCode::kNotFound, fmt::format("there is no kind of artifact named '{}'", folder));
}

void list_artifacts(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto kind = kind_of(request);
  if (!kind) return reply.fail(kind.error());
  list_documents(rooms, request, reply, *kind, "artifacts", [](const Document&) { return true; });
}

// Answers as `answer` does for a document of any kind.
template <class Answer>
Handler of_artifact(const Rooms& rooms, Answer answer) {
  return [rooms, answer](Request& request, const Reply& reply) {
    const auto kind = kind_of(request);
    if (!kind) return reply.fail(kind.error());
    answer(rooms, DocumentKey{*kind, request.param("name")}, request, reply);
  };
}

}  // namespace

void add_artifact_routes(Routes& routes, const Rooms& rooms) {
  constexpr auto kArtifact = "/api/v1/artifacts/{kind}/{name}";
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/artifacts/{kind}",
                    .id = "listArtifacts",
                    .access = Permission::kView,
                    .query = {"limit", "cursor"},
                    .handler = handled_by(rooms, list_artifacts)});
  routes.push_back({.method = Method::kGet,
                    .pattern = kArtifact,
                    .id = "getArtifact",
                    .access = Permission::kView,
                    .handler = of_artifact(rooms, get_document)});
  routes.push_back({.method = Method::kPut,
                    .pattern = kArtifact,
                    .id = "putArtifact",
                    .access = Permission::kDesign,
                    .site = SiteOf::kEvery,
                    .body = Body::kDocument,
                    .handler = of_artifact(rooms, put_document)});
  routes.push_back({.method = Method::kDelete,
                    .pattern = kArtifact,
                    .id = "deleteArtifact",
                    .access = Permission::kDesign,
                    .site = SiteOf::kEvery,
                    .handler = of_artifact(rooms, remove_document)});
}

}  // namespace fieldline::api
