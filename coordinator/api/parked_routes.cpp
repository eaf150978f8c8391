#include <memory>
#include <utility>

#include "coordinator/api/answers.hpp"
#include "coordinator/api/limits.hpp"
#include "coordinator/api/outbox_reading.hpp"
#include "coordinator/api/parked_decision.hpp"

namespace fieldline::api {

using security::Permission;
using sites::NodeId;

namespace {

// Places of messages are those of one node: a list that one began is read on from that one.
struct ParkedCursor {
  std::string node;
  std::string page;

  static constexpr auto fields =
      fields_in_order(required("node", &ParkedCursor::node), required("page", &ParkedCursor::page));
};

struct ParkedReading {
  NodeId node;
  ParkedQuery query;
};

Result<ParkedReading> read_query(const Rooms& rooms, const Request& request, std::int64_t otherwise,
                                 std::int64_t most) {
  const auto nodes = nodes_to_ask(rooms, request.param("site"));
  if (!nodes) return fail(nodes.error());
  const auto limit = limit_option(request, otherwise, most);
  if (!limit) return fail(limit.error());
  const auto text = cursor_option(request);
  if (!text) return fail(text.error());
  ParkedReading reading{nodes->front(), {}};
  reading.query.limit = *limit;
  reading.query.instance = request.option("instance").value_or("");
  reading.query.target = request.option("target").value_or("");
  if (text->empty()) return reading;
  ParkedCursor cursor;
  const auto json = Json::parse(*text, nullptr, false);
  if (json.is_discarded() || !from_json(json, cursor))
    return bad_option("cursor", "is what the page before gave as 'next'");
  reading.node.node = cursor.node;
  reading.query.cursor = cursor.page;
  return reading;
}

std::string next_cursor(const NodeId& node, const std::string& page) {
  if (page.empty()) return "";
  return make_cursor(to_json(ParkedCursor{node.node, page}).dump());
}

void list_parked(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto reading = read_query(rooms, request, kParkedPageSize, kLargestParkedPage);
  if (!reading) return reply.fail(reading.error());
  rooms.sites.parked(reading->node, reading->query,
                     answer_with<ParkedPage>(reply, [node = reading->node](const ParkedPage& page) {
                       auto messages = Json::array();
                       for (const auto& message : page.messages) messages.push_back(json_of(message));
                       return json_response(200, {{"node", node.node},
                                                  {"messages", std::move(messages)},
                                                  {"next", next_cursor(node, page.next)}});
                     }));
}

void show_parked(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto nodes = nodes_to_ask(rooms, request.param("site"));
  if (!nodes) return reply.fail(nodes.error());
  const auto id = message_id(request);
  if (!id) return reply.fail(id.error());
  rooms.sites.whole_message(nodes->front(), *id, [reply, id = *id](const Result<sites::WholeMessage>& whole) {
    if (!whole) return reply.fail(whole.error());
    if (whole->piece.state != MessageState::kParked)
      return reply.fail(
          {ErrorCode::kNotFound, fmt::format("the message {} is not parked", id.text()), {}, {}});
    reply.send(json_response(200, json_of(*whole)));
  });
}

// Reads a page of parked messages and then each of them whole. Lives as long as its questions.
class ExportWalk : public std::enable_shared_from_this<ExportWalk> {
 public:
  ExportWalk(const Rooms& rooms, NodeId node, Reply reply)
      : rooms_(rooms), node_(std::move(node)), reply_(std::move(reply)) {}

  void begin(const ParkedQuery& query) {
    rooms_.sites.parked(node_, query, [self = shared_from_this()](Result<ParkedPage> page) {
      if (!page) return self->reply_.fail(page.error());
      self->page_ = std::move(*page);
      self->read_next();
    });
  }

 private:
  void read_next() {
    if (at_ == page_.messages.size()) return finish();
    rooms_.sites.whole_message(
        node_, page_.messages[at_++].id,
        [self = shared_from_this()](const Result<sites::WholeMessage>& whole) { self->take(whole); });
  }

  // One that was retried or discarded since is not parked any more.
  void take(const Result<sites::WholeMessage>& whole) {
    if (!whole && whole.error().code != ErrorCode::kNotFound) return reply_.fail(whole.error());
    if (whole && whole->piece.state == MessageState::kParked) messages_.push_back(json_of(*whole));
    read_next();
  }

  void finish() {
    const auto next = next_cursor(node_, page_.next);
    answer_on_worker(rooms_, reply_, [node = node_, messages = std::move(messages_), next] {
      return json_response(200, {{"node", node.node}, {"messages", messages}, {"next", next}});
    });
  }

  const Rooms rooms_;
  const NodeId node_;
  const Reply reply_;
  ParkedPage page_;
  std::size_t at_ = 0;
  Json messages_ = Json::array();
};

void export_parked(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto reading = read_query(rooms, request, kExportPageSize, kExportPageSize);
  if (!reading) return reply.fail(reading.error());
  std::make_shared<ExportWalk>(rooms, reading->node, reply)->begin(reading->query);
}

template <Decision decision>
void decide_one(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto id = message_id(request);
  if (!id) return reply.fail(id.error());
  decide_about_one(rooms, decision, *id, request, reply);
}

template <Decision decision>
void decide_many(const Rooms& rooms, const Request& request, const Reply& reply) {
  decide_about_many(rooms, decision, request, reply);
}

Route view(std::string_view below, std::string id, Permission permission, Handler handler) {
  Route route;
  route.method = Method::kGet;
  route.pattern = fmt::format("/api/v1/sites/{{site}}/outbox/parked{}", below);
  route.id = std::move(id);
  route.access = permission;
  // What a message says may be meant for its target alone.
  if (permission != Permission::kView) route.site = SiteOf::kPath;
  route.handler = std::move(handler);
  return route;
}

Route change(Method method, std::string_view below, std::string id, Body body, Handler handler) {
  Route route;
  route.method = method;
  route.pattern = fmt::format("/api/v1/sites/{{site}}/outbox/parked{}", below);
  route.id = std::move(id);
  route.access = Permission::kOperate;
  route.site = SiteOf::kPath;
  route.body = body;
  route.handler = std::move(handler);
  return route;
}

}  // namespace

void add_parked_routes(Routes& routes, const Rooms& rooms) {
  auto list = view("", "listParked", Permission::kView, handled_by(rooms, list_parked));
  list.query = {"target", "instance", "limit", "cursor"};
  routes.push_back(std::move(list));
  // Before the message, which would take its path.
  auto whole = view("/export", "exportParked", Permission::kOperate, handled_by(rooms, export_parked));
  whole.query = {"target", "instance", "limit", "cursor"};
  routes.push_back(std::move(whole));
  routes.push_back(view("/{id}", "getParked", Permission::kOperate, handled_by(rooms, show_parked)));
  routes.push_back(change(Method::kPost, "/{id}/retry", "retryParked", Body::kNone,
                          handled_by(rooms, decide_one<Decision::kRetry>)));
  routes.push_back(change(Method::kDelete, "/{id}", "discardParked", Body::kNone,
                          handled_by(rooms, decide_one<Decision::kDiscard>)));
  routes.push_back(change(Method::kPost, "/retry", "retryAllParked", Body::kSelection,
                          handled_by(rooms, decide_many<Decision::kRetry>)));
  routes.push_back(change(Method::kPost, "/discard", "discardAllParked", Body::kSelection,
                          handled_by(rooms, decide_many<Decision::kDiscard>)));
}

}  // namespace fieldline::api
