#include "coordinator/api/outbox_reading.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "coordinator/api/answers.hpp"

namespace fieldline::api {

using sites::NodeId;
using templates::DocumentKey;
using templates::DocumentKind;

namespace {

constexpr std::string_view kind_of(const HttpRequest&) {
  return "http";
}
constexpr std::string_view kind_of(const DatabaseWrite&) {
  return "database";
}
constexpr std::string_view kind_of(const Mail&) {
  return "mail";
}

}  // namespace

Result<std::vector<NodeId>> nodes_to_ask(const Rooms& rooms, const std::string& site) {
  const DocumentKey key{DocumentKind::kSite, site};
  if (rooms.catalog.library()->find(key) == nullptr) return fail(no_document(key));
  std::vector<NodeId> nodes;
  for (auto& node : {rooms.sites.active(site), rooms.sites.standby(site)}) {
    if (node) nodes.push_back(*node);
  }
  if (nodes.empty())
    return fail(ErrorCode::kUnavailable, fmt::format("no node of the site '{}' is connected", site));
  return nodes;
}

Result<NodeId> delivering_node(const Rooms& rooms, const std::string& site) {
  const DocumentKey key{DocumentKind::kSite, site};
  if (rooms.catalog.library()->find(key) == nullptr) return fail(no_document(key));
  const auto active = rooms.sites.active(site);
  if (!active)
    return fail(ErrorCode::kUnavailable, fmt::format("no active node of the site '{}' is connected", site));
  return *active;
}

Result<MessageId> message_id(const Request& request) {
  const auto& text = request.param("id");
  auto id = MessageId::parse(text);
  if (!id || id->site != request.param("site") || id->epoch > kMaxEpoch || id->sequence > kMaxEpoch)
    return fail(ErrorCode::kNotFound,
                fmt::format("no message of the site '{}' has the id '{}'", request.param("site"), text));
  return std::move(*id);
}

Json json_of(const ParkedMessage& message) {
  auto json = to_json(message);
  json["id"] = message.id.text();
  return json;
}

Json json_of(const sites::WholeMessage& whole) {
  const auto& [message, piece] = whole;
  Json json{{"id", message.id.text()},
            {"target", message.target},
            {"instance", message.instance},
            {"script", message.script},
            {"accepted", to_json(message.accepted)},
            {"trace_id", message.trace_id},
            {"reason", piece.detail},
            {"bytes", piece.size}};
  if (piece.at) json["parked"] = to_json(*piece.at);
  json["content"] = std::visit(
      [](const auto& content) {
        return Json{{kind_of(content), to_json(content)}};
      },
      message.content);
  return json;
}

}  // namespace fieldline::api
