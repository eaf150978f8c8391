#include <memory>
#include <utility>

#include "coordinator/api/answers.hpp"
#include "coordinator/api/outbox_reading.hpp"

namespace fieldline::api {

using security::Permission;
using sites::NodeId;

namespace {

void show_outbox(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto nodes = nodes_to_ask(rooms, request.param("site"));
  if (!nodes) return reply.fail(nodes.error());
  const auto cursor = cursor_option(request);
  if (!cursor) return reply.fail(cursor.error());
  rooms.sites.outbox(nodes->front(), {*cursor},
                     answer_with<OutboxPage>(reply, [rooms, node = nodes->front()](const OutboxPage& page) {
                       auto json = to_json(page);
                       json["site"] = node.site;
                       json["node"] = node.node;
                       json["time"] = format_rfc3339(rooms.loop.clock().utc());
                       json["next"] = make_cursor(page.next);
                       return json_response(200, json);
                     }));
}

// Asks one node after the other what became of a message, until one knows. Lives as long as its questions.
class MessageSearch : public std::enable_shared_from_this<MessageSearch> {
 public:
  MessageSearch(const Rooms& rooms, std::vector<NodeId> nodes, MessageId id, Reply reply)
      : rooms_(rooms), nodes_(std::move(nodes)), id_(std::move(id)), reply_(std::move(reply)) {}

  void ask_next() {
    if (at_ == nodes_.size()) return give_up();
    const auto& node = nodes_[at_++];
    rooms_.sites.message(node, id_, [self = shared_from_this(), node](const Result<MessagePiece>& piece) {
      self->take(node, piece);
    });
  }

 private:
  void take(const NodeId& node, const Result<MessagePiece>& piece) {
    if (!piece) error_ = piece.error();
    if (!piece || piece->state == MessageState::kUnknown) return ask_next();
    auto json = to_json(*piece);
    json.erase("offset");
    json.erase("size");
    json["id"] = id_.text();
    json["site"] = node.site;
    json["node"] = node.node;
    reply_.send(json_response(200, json));
  }

  // That one node does not know it says nothing of what the other one has.
  void give_up() {
    if (error_) return reply_.fail(*error_);
    const bool all = nodes_.size() == rooms_.sites.nodes(id_.site).size();
    reply_.fail(
        {ErrorCode::kNotFound,
         fmt::format("the message {} is not known {}. Of what is over, a node knows the last 200,000 "
                     "messages for 30 days",
                     id_.text(),
                     all ? "at its site" : "at " + nodes_.front().text() + ", the only node to ask now"),
         {},
         {}});
  }

  const Rooms rooms_;
  const std::vector<NodeId> nodes_;
  const MessageId id_;
  const Reply reply_;
  std::size_t at_ = 0;
  std::optional<Error> error_;
};

void show_message(const Rooms& rooms, const Request& request, const Reply& reply) {
  auto nodes = nodes_to_ask(rooms, request.param("site"));
  if (!nodes) return reply.fail(nodes.error());
  auto id = message_id(request);
  if (!id) return reply.fail(id.error());
  std::make_shared<MessageSearch>(rooms, std::move(*nodes), std::move(*id), reply)->ask_next();
}

}  // namespace

void add_outbox_routes(Routes& routes, const Rooms& rooms) {
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/sites/{site}/outbox",
                    .id = "getOutbox",
                    .access = Permission::kView,
                    .query = {"cursor"},
                    .handler = handled_by(rooms, show_outbox)});
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/sites/{site}/outbox/messages/{id}",
                    .id = "getMessageState",
                    .access = Permission::kView,
                    .handler = handled_by(rooms, show_message)});
}

}  // namespace fieldline::api
