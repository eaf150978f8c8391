#include "coordinator/api/answers.hpp"

#include <algorithm>

#include "coordinator/api/limits.hpp"
#include "coordinator/api/media.hpp"

namespace fieldline::api {

using templates::Document;
using templates::DocumentKey;
using templates::DocumentKind;

namespace {

constexpr auto kNouns = std::to_array<std::string_view>(
    {"site", "connection", "shared script", "external system", "database connection", "SMTP settings",
     "notification list", "template", "instance"});
static_assert(kNouns.size() == templates::kDocumentKinds);

Response with_etag(Response response, const Revision& revision) {
  response.headers.add("ETag", etag(revision));
  return response;
}

Response applied(const catalog::Applied& outcome, const DocumentKey& key) {
  const bool created = outcome.outcome == catalog::Outcome::kCreated;
  auto response = with_etag(json_response(created ? 201 : 200, to_json(outcome)), outcome.revision);
  if (created) response.headers.add("Location", location(key));
  return response;
}

// A document in a list bears its revision, which alone it would have as its ETag.
Json listed(const Document& document) {
  auto json = to_json(document);
  json["revision"] = document.revision;
  return json;
}

Revision current_revision(const Rooms& rooms, const DocumentKey& key) {
  const auto library = rooms.catalog.library();
  const auto* document = library->find(key);
  return document == nullptr ? Revision() : document->revision;
}

}  // namespace

void answer_on_worker(const Rooms& rooms, const Reply& reply, std::function<Response()> render) {
  if (!rooms.worker.try_post([reply, render = std::move(render)] { reply.send(render()); }))
    reply.fail({ErrorCode::kExhausted, "too much is being asked at once", {}, {}});
}

Error no_document(const DocumentKey& key) {
  return {ErrorCode::kNotFound,
          fmt::format("there is no {} named '{}'", kNouns[static_cast<std::size_t>(key.kind)], key.name),
          {},
          {}};
}

std::string location(const DocumentKey& key) {
  if (key.kind != DocumentKind::kConnection) {
    return fmt::format("/api/v1/{}{}/{}", templates::is_artifact(key.kind) ? "artifacts/" : "",
                       templates::folder_name(key.kind), escape_segment(key.name));
  }
  const auto slash = key.name.find('/');
  return fmt::format("/api/v1/sites/{}/connections/{}", key.name.substr(0, slash),
                     key.name.substr(slash + 1));
}

void get_document(const Rooms& rooms, const DocumentKey& key, const Request& request, const Reply& reply) {
  const auto library = rooms.catalog.library();
  const auto* document = library->find(key);
  if (document == nullptr) return reply.fail(no_document(key));
  if (is_known(request.head, document->revision))
    return reply.send(with_etag(empty_response(304), document->revision));
  reply.send(with_etag(json_response(200, to_json(*document)), document->revision));
}

void put_document(const Rooms& rooms, const DocumentKey& key, Request& request, const Reply& reply) {
  reply.entry().document = key.path();
  const auto current = current_revision(rooms, key);
  if (!current.empty() && is_known(request.head, current))
    return reply.fail({ErrorCode::kPreconditionFailed, "it exists already", {}, {}});
  rooms.catalog.put(key, std::move(request.body), *text_format(request.head), if_match(request.head, current),
                    request.principal.name,
                    answer_with<catalog::Applied>(reply, [key, reply](const auto& outcome) {
                      note_change(reply, outcome);
                      return applied(outcome, key);
                    }));
}

void remove_document(const Rooms& rooms, const DocumentKey& key, const Request& request, const Reply& reply) {
  reply.entry().document = key.path();
  rooms.catalog.remove(key, if_match(request.head, current_revision(rooms, key)), request.principal.name,
                       [reply, key](const Result<Revision>& removed) {
                         if (!removed) return reply.fail(removed.error());
                         note_change(reply, {key.kind, key.name, catalog::Outcome::kChanged, {}, *removed});
                         reply.send(empty_response(204));
                       });
}

void note_change(const Reply& reply, const catalog::Applied& applied) {
  auto& entry = reply.entry();
  entry.document = DocumentKey{applied.kind, applied.name}.path();
  audit::add_details(entry, {{"revision_before", applied.before}, {"revision", applied.revision}});
}

Result<> check_precondition(const Request& request, const Revision& current) {
  const auto named = if_match(request.head, current);
  if (!named) return fail(ErrorCode::kPreconditionRequired, "send If-Match with the ETag that you have seen");
  if (*named != "*" && *named != current)
    return fail(ErrorCode::kPreconditionFailed, "it has changed since; read it again");
  return {};
}

void list_documents(const Rooms& rooms, const Request& request, const Reply& reply, DocumentKind kind,
                    std::string_view plural, const std::function<bool(const Document&)>& wanted) {
  const auto limit = limit_option(request, kPageSize, kLargestPage);
  if (!limit) return reply.fail(limit.error());
  const auto after = cursor_option(request);
  if (!after) return reply.fail(after.error());
  const auto library = rooms.catalog.library();
  const auto all = library->all(kind);
  auto page = Json::array();
  std::string next;
  for (auto at = std::ranges::upper_bound(all, *after, {}, [](const auto& d) { return d->key.name; });
       at != all.end(); ++at) {
    if (!wanted(**at)) continue;
    if (page.size() == static_cast<std::size_t>(*limit)) {
      next = make_cursor(page.back().at("name").get_ref<const std::string&>());
      break;
    }
    page.push_back(listed(**at));
  }
  reply.send(json_response(200, {{plural, std::move(page)}, {"next", next}}));
}

}  // namespace fieldline::api
