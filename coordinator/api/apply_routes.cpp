#include <algorithm>

#include "coordinator/api/answers.hpp"
#include "coordinator/api/media.hpp"
#include "coordinator/audit/limits.hpp"

namespace fieldline::api {

using catalog::Applied;
using catalog::Outcome;
using security::Permission;
using security::Principal;
using templates::DocumentKind;
using templates::TextFormat;

namespace {

Response summary(const std::vector<Applied>& documents, bool dry_run) {
  Json json{{"dry_run", dry_run}, {"documents", to_json(documents)}};
  for (const auto outcome : {Outcome::kCreated, Outcome::kChanged, Outcome::kUnchanged}) {
    json[std::string(name(outcome))] = std::ranges::count(documents, outcome, &Applied::outcome);
  }
  return json_response(200, json);
}

using ApplyAnswer = catalog::Answer<std::vector<Applied>>;

struct Application {
  std::string text;
  TextFormat format;
  bool dry = false;
  Principal by;
};

void apply_now(const Rooms& rooms, Application wanted, ApplyAnswer done) {
  rooms.catalog.apply(std::move(wanted.text), wanted.format, wanted.dry, wanted.by.name, std::move(done));
}

// Sites are for administrators. That there is none, a dry run says first, whose answer has the kind of
// each document of the text, whatever else is written meanwhile.
void apply_without_sites(const Rooms& rooms, const Application& wanted, const ApplyAnswer& done) {
  auto trial = wanted;
  trial.dry = true;
  apply_now(rooms, std::move(trial), [rooms, wanted, done](Result<std::vector<Applied>> planned) {
    if (!planned) return done(std::move(planned));
    if (std::ranges::find(*planned, DocumentKind::kSite, &Applied::kind) != planned->end())
      return done(fail(ErrorCode::kForbidden,
                       fmt::format("'{}' lacks the permission 'administer', which documents of sites take",
                                   wanted.by.name)));
    if (wanted.dry) return done(std::move(planned));
    apply_now(rooms, wanted, done);
  });
}

// The documents that are other than before, the first of them by name.
void note_documents(const Reply& reply, const std::vector<Applied>& documents, bool dry_run) {
  auto changed = Json::array();
  std::size_t count = 0;
  for (const auto& document : documents) {
    if (document.outcome == Outcome::kUnchanged) continue;
    if (++count > audit::kNames) continue;
    changed.push_back({{"document", templates::DocumentKey{document.kind, document.name}.path()},
                       {"revision_before", document.before},
                       {"revision", document.revision}});
  }
  audit::add_details(reply.entry(),
                     {{"dry_run", dry_run}, {"changed", count}, {"documents", std::move(changed)}});
}

void apply_documents(const Rooms& rooms, Request& request, const Reply& reply) {
  const auto dry_run = flag_option(request, "dry_run");
  if (!dry_run) return reply.fail(dry_run.error());
  const bool dry = dry_run->value_or(false);
  Application wanted{std::move(request.body), *text_format(request.head), dry, request.principal};
  ApplyAnswer done =
      render_on_worker<std::vector<Applied>>(rooms, reply, [dry, reply](const auto& documents) {
        note_documents(reply, documents, dry);
        return summary(documents, dry);
      });
  if (may(wanted.by, Permission::kAdminister)) return apply_now(rooms, std::move(wanted), std::move(done));
  apply_without_sites(rooms, wanted, done);
}

void export_all(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto format = request.option("format").value_or("yaml");
  if (format != "yaml" && format != "json")
    return reply.fail(bad_option("format", "is yaml or json").value());
  const bool yaml = format == "yaml";
  answer_on_worker(rooms, reply, [library = rooms.catalog.library(), yaml] {
    const auto documents = library->all();
    return Response{
        .status = 200,
        .content_type = yaml ? "application/yaml" : "application/json",
        .body = templates::export_documents(documents, yaml ? TextFormat::kYaml : TextFormat::kJson)};
  });
}

}  // namespace

void add_apply_routes(Routes& routes, const Rooms& rooms) {
  routes.push_back({.method = Method::kPost,
                    .pattern = "/api/v1/apply",
                    .id = "applyDocuments",
                    .access = Permission::kDesign,
                    .site = SiteOf::kEvery,
                    .query = {"dry_run"},
                    .body = Body::kDocuments,
                    .handler = handled_by(rooms, apply_documents)});
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/export",
                    .id = "exportDocuments",
                    .access = Permission::kView,
                    .query = {"format"},
                    .handler = handled_by(rooms, export_all)});
}

}  // namespace fieldline::api
