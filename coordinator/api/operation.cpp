#include "coordinator/api/operation.hpp"

#include "coordinator/api/answers.hpp"
#include "coordinator/api/options.hpp"

namespace fieldline::api {

using deployment::Deployment;

namespace {

struct Order {
  std::optional<Revision> revision;

  static constexpr auto fields = fields_in_order(defaulted("revision", &Order::revision));
};

Response under_way(const Deployment& deployment) {
  auto response = json_response(202, to_json(deployment));
  response.headers.add("Location",
                       fmt::format("/api/v1/instances/{}/deployment", escape_segment(deployment.instance)));
  return response;
}

Response as_it_stands(const Deployment& deployment) {
  return deployment.open() ? under_way(deployment) : json_response(200, to_json(deployment));
}

// What it changes is told by the entry of its end.
void note_operation(const Rooms& rooms, const std::string& instance, const Reply& reply) {
  auto& entry = reply.entry();
  const auto library = rooms.catalog.library();
  if (const auto* document = library->find(templates::DocumentKind::kInstance, instance))
    entry.site = document->instance().site;
  if (const auto deployed = rooms.deployments.deployed(instance)) {
    entry.site = deployed->site;
    audit::add_details(entry, {{"revision_before", deployed->revision}});
  }
}

}  // namespace

void start_operation(const Rooms& rooms, const Request& request, const Reply& reply,
                     const Operation& operation) {
  const auto wait = wait_option(request);
  if (!wait) return reply.fail(wait.error());
  const templates::DocumentKey key{templates::DocumentKind::kInstance, request.param("name")};
  if (rooms.catalog.library()->find(key) == nullptr) return reply.fail(no_document(key));
  Order order;
  if (request.document.is_object()) {
    if (const auto read = from_json(request.document, order); !read) return reply.fail(read.error());
  }
  note_operation(rooms, key.name, reply);
  auto may_at = [who = request.principal](const std::string& site) {
    return security::may_at(who, security::Permission::kDeploy, site);
  };
  operation(key.name,
            {.who = request.principal.name, .reviewed = order.revision, .may_at = std::move(may_at)},
            [&deployments = rooms.deployments, reply, wait = *wait](Result<Deployment> begun) {
              if (!begun) return reply.fail(begun.error());
              reply.entry().deployment = begun->id;
              audit::add_details(reply.entry(), {{"revision", begun->revision}});
              if (wait == Duration(0)) return reply.send(under_way(*begun));
              deployments.wait(begun->id, wait, [reply, begun = *begun](const Result<Deployment>& ended) {
                // What is no longer the latest of its instance has ended before anyone could wait for it.
                if (!ended && ended.error().code == ErrorCode::kNotFound)
                  return reply.send(as_it_stands(begun));
                if (!ended) return reply.fail(ended.error());
                reply.send(as_it_stands(*ended));
              });
            });
}

}  // namespace fieldline::api
