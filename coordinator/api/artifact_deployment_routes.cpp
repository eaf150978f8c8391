#include <algorithm>

#include "coordinator/api/answers.hpp"
#include "coordinator/api/limits.hpp"

namespace fieldline::api {

using artifacts::Begun;
using security::Permission;
using templates::DocumentKey;
using templates::DocumentKind;

namespace {

struct SiteChoice {
  std::optional<std::vector<std::string>> sites;  // absent: all

  static constexpr auto fields = fields_in_order(defaulted("sites", &SiteChoice::sites));
};

// None: all of them.
Result<SiteNames> named_sites(const Request& request) {
  SiteChoice choice;
  if (request.document.is_object()) {
    if (auto read = from_json(request.document, choice); !read) return fail(std::move(read.error()));
  }
  return choice.sites.value_or(SiteNames());
}

// Each once, sorted, and defined.
Result<std::vector<std::string>> chosen_sites(const templates::Library& library, const Json& body) {
  SiteChoice choice;
  if (body.is_object()) {
    if (const auto read = from_json(body, choice); !read) return fail(read.error());
  }
  std::vector<std::string> sites;
  if (!choice.sites) {
    for (const auto& document : library.all(DocumentKind::kSite)) sites.push_back(document->key.name);
    return sites;
  }
  if (choice.sites->empty())
    return fail(ErrorCode::kInvalid, "it names no site: leave it out for all", "/sites");
  sites = *choice.sites;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    if (library.find(DocumentKind::kSite, sites[i]) == nullptr)
      return fail(ErrorCode::kInvalid, fmt::format("there is no site '{}'", sites[i]),
                  fmt::format("/sites/{}", i));
  }
  std::ranges::sort(sites);
  sites.erase(std::unique(sites.begin(), sites.end()), sites.end());
  return sites;
}

Response begun_response(const Reply& reply, const Begun& begun) {
  reply.entry().deployment = begun.deployment;
  audit::add_details(reply.entry(), {{"sites", begun.sites}});
  auto response = json_response(202, {{"deployment", begun.deployment}, {"sites", begun.sites}});
  response.headers.add("Location", "/api/v1/artifacts/deployment");
  return response;
}

void deploy_artifacts(const Rooms& rooms, const Request& request, const Reply& reply) {
  auto sites = chosen_sites(*rooms.catalog.library(), request.document);
  if (!sites) return reply.fail(sites.error());
  const auto answered = [reply](const Begun& begun) { return begun_response(reply, begun); };
  rooms.artifacts.deploy(std::move(*sites), request.principal.name, answer_with<Begun>(reply, answered));
}

void retry_artifacts(const Rooms& rooms, const Request& request, const Reply& reply) {
  const DocumentKey key{DocumentKind::kSite, request.param("site")};
  if (rooms.catalog.library()->find(key) == nullptr) return reply.fail(no_document(key));
  const auto answered = [reply](const Begun& begun) { return begun_response(reply, begun); };
  rooms.artifacts.retry(key.name, request.principal.name, answer_with<Begun>(reply, answered));
}

// The matrix, a page of sites at a time.
void get_artifact_deployment(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto limit = limit_option(request, kPageSize, kLargestPage);
  if (!limit) return reply.fail(limit.error());
  const auto after = cursor_option(request);
  if (!after) return reply.fail(after.error());
  const auto library = rooms.catalog.library();
  const auto all = library->all(DocumentKind::kSite);
  std::vector<artifacts::SiteRecord> records;
  std::string next;
  for (auto at = std::ranges::upper_bound(all, *after, {}, [](const auto& d) { return d->key.name; });
       at != all.end(); ++at) {
    if (records.size() == static_cast<std::size_t>(*limit)) {
      next = make_cursor(records.back().site);
      break;
    }
    records.push_back(rooms.artifacts.record((*at)->key.name));
  }
  answer_on_worker(rooms, reply, [records = std::move(records), next, wanted = rooms.artifacts.wanted()] {
    return json_response(200, {{"artifacts", to_json(wanted)}, {"sites", to_json(records)}, {"next", next}});
  });
}

}  // namespace

void add_artifact_deployment_routes(Routes& routes, const Rooms& rooms) {
  routes.push_back({.method = Method::kPost,
                    .pattern = "/api/v1/artifacts/deploy",
                    .id = "deployArtifacts",
                    .access = Permission::kDeploy,
                    .site = SiteOf::kBody,
                    .body = Body::kJson,
                    .handler = handled_by(rooms, deploy_artifacts),
                    .in_body = named_sites});
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/artifacts/deployment",
                    .id = "getArtifactDeployment",
                    .access = Permission::kView,
                    .query = {"limit", "cursor"},
                    .handler = handled_by(rooms, get_artifact_deployment)});
  routes.push_back({.method = Method::kPost,
                    .pattern = "/api/v1/artifacts/deployment/{site}/retry",
                    .id = "retryArtifacts",
                    .access = Permission::kDeploy,
                    .site = SiteOf::kPath,
                    .handler = handled_by(rooms, retry_artifacts)});
}

}  // namespace fieldline::api
