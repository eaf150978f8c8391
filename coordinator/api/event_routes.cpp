#include <map>

#include "coordinator/api/answers.hpp"
#include "coordinator/api/event_merge.hpp"
#include "coordinator/api/limits.hpp"

namespace fieldline::api {

using security::Permission;
using templates::DocumentKey;
using templates::DocumentKind;

namespace {

// Central's own log among those of the nodes; no node has this name.
const std::string kCentral;

constexpr auto kLostBefore =
    "it could not be asked for a page before this one; start again without the cursor to ask it";

std::vector<std::string> with_central(std::vector<std::string> nodes) {
  nodes.push_back(kCentral);
  return nodes;
}

// Asks the nodes of a site, and central itself, for what the merge needs, until that is nothing. Lives as
// long as its questions.
class EventsWalk : public std::enable_shared_from_this<EventsWalk> {
 public:
  EventsWalk(const Rooms& rooms, std::string site, std::vector<std::string> nodes, EventQuery query,
             const LogPlaces& places, Reply reply)
      : rooms_(rooms),
        site_(std::move(site)),
        nodes_(std::move(nodes)),
        query_(std::move(query)),
        merge_(with_central(nodes_), places, static_cast<std::size_t>(query_.limit)),
        reply_(std::move(reply)) {}

  void go_on() {
    const auto needed = merge_.needed();
    if (needed.empty()) return finish();
    open_questions_ = needed.size();
    for (const auto& fetch : needed) {
      auto query = query_;
      query.cursor = fetch.page;
      const auto taken = [self = shared_from_this(), node = fetch.node](const Result<EventPage>& page) {
        self->take(node, page);
      };
      if (fetch.node == kCentral) {
        rooms_.deployments.events(site_, query, taken);
      } else {
        rooms_.sites.events({site_, fetch.node}, std::move(query), taken);
      }
    }
  }

 private:
  void take(const std::string& node, const Result<EventPage>& page) {
    if (page) {
      merge_.feed(node, *page);
    } else if (node == kCentral) {
      return reply_.fail(page.error());
    } else {
      merge_.give_up(node);
      reasons_[node] = page.error().message;
    }
    if (--open_questions_ == 0) go_on();
  }

  void finish() {
    auto marks = Json::array();
    for (const auto& node : nodes_) {
      const bool unasked = merge_.was_given_up(node);
      Json mark{{"node", node}, {"asked", !unasked}};
      if (unasked) {
        const auto reason = reasons_.find(node);
        mark["reason"] = reason == reasons_.end() ? kLostBefore : reason->second;
      }
      marks.push_back(std::move(mark));
    }
    reply_.send(json_response(200, {{"events", to_json(merge_.events())},
                                    {"nodes", std::move(marks)},
                                    {"next", make_cursor(write_places(merge_.places()))}}));
  }

  const Rooms rooms_;
  const std::string site_;
  const std::vector<std::string> nodes_;
  const EventQuery query_;
  EventMerge merge_;
  const Reply reply_;
  std::size_t open_questions_ = 0;
  std::map<std::string, std::string> reasons_;  // why a node could not be asked, by node
};

Result<EventQuery> read_query(const Request& request) {
  EventQuery query;
  const auto category = enum_option<Category>(request, "category");
  if (!category) return fail(category.error());
  const auto severity = enum_option<Severity>(request, "severity");
  if (!severity) return fail(severity.error());
  const auto from = time_option(request, "from");
  if (!from) return fail(from.error());
  const auto to = time_option(request, "to");
  if (!to) return fail(to.error());
  const auto limit = limit_option(request, kEventPageSize, kEventPageSize);
  if (!limit) return fail(limit.error());
  query.category = *category;
  query.severity = *severity;
  query.from = *from;
  query.to = *to;
  query.limit = *limit;
  query.instance = request.option("instance").value_or("");
  query.text = request.option("q").value_or("");
  return query;
}

void list_events(const Rooms& rooms, const Request& request, const Reply& reply) {
  const DocumentKey key{DocumentKind::kSite, request.param("site")};
  const auto site = rooms.catalog.library()->share(key);
  if (!site) return reply.fail(no_document(key));
  const auto query = read_query(request);
  if (!query) return reply.fail(query.error());
  const auto cursor = cursor_option(request);
  if (!cursor) return reply.fail(cursor.error());
  const auto places = read_places(*cursor);
  if (!places) return reply.fail(bad_option("cursor", "is what the page before gave as 'next'").value());
  std::make_shared<EventsWalk>(rooms, key.name, site->site().nodes, *query, *places, reply)->go_on();
}

}  // namespace

void add_event_routes(Routes& routes, const Rooms& rooms) {
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/sites/{site}/events",
                    .id = "listEvents",
                    .access = Permission::kView,
                    .query = {"from", "to", "severity", "category", "instance", "q", "limit", "cursor"},
                    .handler = handled_by(rooms, list_events)});
}

}  // namespace fieldline::api
