#include <algorithm>
#include <set>

#include "coordinator/api/answers.hpp"
#include "coordinator/api/limits.hpp"

namespace fieldline::api {

using security::Permission;
using sites::NodeId;
using templates::DocumentKind;

namespace {

// Asks sites, in order of name and one after the other, for their alarms until a page is full; a page
// never parts the alarms of one site. Lives as long as its questions.
class AlarmsWalk : public std::enable_shared_from_this<AlarmsWalk> {
 public:
  AlarmsWalk(sites::Sites& sites, std::vector<std::string> names, std::size_t limit, Reply reply)
      : sites_(sites), names_(std::move(names)), limit_(limit), reply_(std::move(reply)) {}

  void next_site() {
    if (at_ == names_.size() || alarms_.size() >= limit_) return finish();
    const auto& site = names_[at_];
    ++at_;
    if (const auto active = sites_.active(site)) return ask(*active, "");
    skip(site, "the site has no active node now");
  }

 private:
  void ask(const NodeId& node, std::string cursor) {
    sites_.alarms(node, {.cursor = std::move(cursor)},
                  [self = shared_from_this(), node](Result<AlarmsPage> page) { self->take(node, page); });
  }

  void take(const NodeId& node, const Result<AlarmsPage>& page) {
    if (!page) return skip(node.site, page.error().message);
    for (const auto& alarm : page->alarms) {
      auto json = to_json(alarm);
      json["site"] = node.site;
      alarms_.push_back(std::move(json));
    }
    if (page->next.empty()) return next_site();
    ask(node, page->next);
  }

  void skip(const std::string& site, const std::string& reason) {
    unasked_.push_back({{"site", site}, {"reason", reason}});
    next_site();
  }

  void finish() {
    const auto next = at_ == names_.size() ? "" : make_cursor(names_[at_ - 1]);
    reply_.send(json_response(
        200, {{"alarms", std::move(alarms_)}, {"unasked", std::move(unasked_)}, {"next", next}}));
  }

  sites::Sites& sites_;
  const std::vector<std::string> names_;
  const std::size_t limit_;
  const Reply reply_;
  std::size_t at_ = 0;
  Json alarms_ = Json::array();
  Json unasked_ = Json::array();
};

void list_alarms(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto limit = limit_option(request, kPageSize, kLargestPage);
  if (!limit) return reply.fail(limit.error());
  const auto after = cursor_option(request);
  if (!after) return reply.fail(after.error());
  const auto library = rooms.catalog.library();
  std::vector<std::string> names;
  if (const auto site = request.option("site")) {
    const templates::DocumentKey key{DocumentKind::kSite, std::string(*site)};
    if (library->find(key) == nullptr) return reply.fail(no_document(key));
    names.push_back(key.name);
  } else {
    for (const auto& document : library->all(DocumentKind::kSite)) {
      if (document->key.name > *after) names.push_back(document->key.name);
    }
  }
  std::make_shared<AlarmsWalk>(rooms.sites, std::move(names), static_cast<std::size_t>(*limit), reply)
      ->next_site();
}

}  // namespace

void add_alarm_routes(Routes& routes, const Rooms& rooms) {
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/alarms",
                    .id = "listAlarms",
                    .access = Permission::kView,
                    .query = {"site", "limit", "cursor"},
                    .handler = handled_by(rooms, list_alarms)});
}

}  // namespace fieldline::api
