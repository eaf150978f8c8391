#include <algorithm>
#include <memory>
#include <span>

#include "coordinator/api/answers.hpp"
#include "coordinator/api/limits.hpp"
#include "coordinator/api/operation.hpp"

namespace fieldline::api {

using deployment::DeploymentState;
using deployment::DerivedRevisions;
using security::Permission;
using templates::Document;
using templates::DocumentKey;
using templates::DocumentKind;

namespace {

DocumentKey instance_of(const Request& request) {
  return {DocumentKind::kInstance, request.param("name")};
}

// What a list is asked for. Empty: whatever.
struct Wanted {
  std::string site;
  std::string area;  // and everything below it
  std::string template_name;
  std::optional<DeploymentState> state;
  std::optional<bool> stale;
  std::int64_t limit = 0;
  std::string after;

  static Result<Wanted> read(const Request& request);
  [[nodiscard]] bool matches(const templates::InstanceSpec& spec) const;
};

Result<Wanted> Wanted::read(const Request& request) {
  const auto state = enum_option<DeploymentState>(request, "state");
  if (!state) return fail(state.error());
  const auto stale = flag_option(request, "stale");
  if (!stale) return fail(stale.error());
  const auto limit = limit_option(request, kPageSize, kLargestPage);
  if (!limit) return fail(limit.error());
  const auto after = cursor_option(request);
  if (!after) return fail(after.error());
  return Wanted{.site = std::string(request.option("site").value_or("")),
                .area = std::string(request.option("area").value_or("")),
                .template_name = std::string(request.option("template").value_or("")),
                .state = *state,
                .stale = *stale,
                .limit = *limit,
                .after = *after};
}

bool Wanted::matches(const templates::InstanceSpec& spec) const {
  const bool in_area = area.empty() || spec.area == area || spec.area.starts_with(area + "/");
  return in_area && (site.empty() || spec.site == site) &&
         (template_name.empty() || spec.template_name == template_name);
}

// A row of the list; empty when the state or staleness is not the one wanted.
std::optional<Json> row(const Rooms& rooms, const Document& document, const DerivedRevisions& derived,
                        const Wanted& wanted) {
  const auto& name = document.key.name;
  const bool stale = rooms.deployments.is_stale(name, derived);
  if (wanted.stale && stale != *wanted.stale) return std::nullopt;
  const auto status = rooms.deployments.status(name);
  if (wanted.state && (!status || status->state != *wanted.state)) return std::nullopt;
  const auto& spec = document.instance();
  const auto derived_revision = derived.of.find(name);
  Json json{{"name", name},
            {"site", spec.site},
            {"area", spec.area},
            {"template", spec.template_name},
            {"revision", document.revision},
            {"derived_revision", derived_revision == derived.of.end() ? "" : derived_revision->second},
            {"stale", stale}};
  if (const auto deployed = rooms.deployments.deployed(name)) json["deployed"] = to_json(*deployed);
  if (status) json["deployment"] = to_json(*status);
  return json;
}

// Walks over the documents until the page is full, kRowsPerTurn of them in one turn of the loop. Lives
// as long as it walks.
class InstanceWalk : public std::enable_shared_from_this<InstanceWalk> {
 public:
  InstanceWalk(const Rooms& rooms, Reply reply, std::shared_ptr<const DerivedRevisions> derived,
               Wanted wanted)
      : rooms_(rooms),
        reply_(std::move(reply)),
        derived_(std::move(derived)),
        wanted_(std::move(wanted)),
        at_(std::ranges::upper_bound(all_, wanted_.after, {}, [](const auto& d) { return d->key.name; })) {}

  void go_on() {
    for (std::size_t looked_at = 0; at_ != all_.end(); ++at_, ++looked_at) {
      if (looked_at == kRowsPerTurn) return rooms_.loop.post([self = shared_from_this()] { self->go_on(); });
      if (!wanted_.matches((*at_)->instance())) continue;
      auto json = row(rooms_, **at_, *derived_, wanted_);
      if (!json) continue;
      if (rows_.size() == static_cast<std::size_t>(wanted_.limit))
        return finish(make_cursor(rows_.back().at("name").get_ref<const std::string&>()));
      rows_.push_back(std::move(*json));
    }
    finish("");
  }

 private:
  void finish(const std::string& next) {
    reply_.send(json_response(200, {{"instances", std::move(rows_)}, {"next", next}}));
  }

  const Rooms rooms_;
  const Reply reply_;
  const std::shared_ptr<const DerivedRevisions> derived_;
  const Wanted wanted_;
  const catalog::LibraryPointer library_ = rooms_.catalog.library();
  const std::span<const templates::DocumentPointer> all_ = library_->all(DocumentKind::kInstance);
  std::span<const templates::DocumentPointer>::iterator at_;
  Json rows_ = Json::array();
};

void list_instances(const Rooms& rooms, const Request& request, const Reply& reply) {
  auto wanted = Wanted::read(request);
  if (!wanted) return reply.fail(wanted.error());
  rooms.deployments.derived_revisions(
      [rooms, reply, wanted = std::move(*wanted)](Result<std::shared_ptr<const DerivedRevisions>> derived) {
        if (!derived) return reply.fail(derived.error());
        std::make_shared<InstanceWalk>(rooms, reply, std::move(*derived), wanted)->go_on();
      });
}

void delete_instance(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto key = instance_of(request);
  const auto document = rooms.catalog.library()->share(key);
  if (!document) return reply.fail(no_document(key));
  if (const auto sound = check_precondition(request, document->revision); !sound)
    return reply.fail(sound.error());
  start_operation(rooms, request, reply, [&](const std::string& instance, auto by, auto done) {
    rooms.deployments.remove(instance, std::move(by), std::move(done));
  });
}

}  // namespace

void add_instance_routes(Routes& routes, const Rooms& rooms) {
  constexpr auto kInstance = "/api/v1/instances/{name}";
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/instances",
                    .id = "listInstances",
                    .access = Permission::kView,
                    .query = {"site", "area", "template", "state", "stale", "limit", "cursor"},
                    .handler = handled_by(rooms, list_instances)});
  routes.push_back({.method = Method::kGet,
                    .pattern = kInstance,
                    .id = "getInstance",
                    .access = Permission::kView,
                    .handler = [rooms](Request& request, const Reply& reply) {
                      get_document(rooms, instance_of(request), request, reply);
                    }});
  routes.push_back({.method = Method::kPut,
                    .pattern = kInstance,
                    .id = "putInstance",
                    .access = Permission::kDesign,
                    .site = SiteOf::kInstance,
                    .body = Body::kDocument,
                    .handler = [rooms](Request& request, const Reply& reply) {
                      put_document(rooms, instance_of(request), request, reply);
                    }});
  routes.push_back({.method = Method::kDelete,
                    .pattern = kInstance,
                    .id = "deleteInstance",
                    .access = Permission::kDeploy,
                    .site = SiteOf::kInstance,
                    .query = {"wait"},
                    .handler = handled_by(rooms, delete_instance)});
}

}  // namespace fieldline::api
