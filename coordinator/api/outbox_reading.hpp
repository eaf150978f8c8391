// What the routes of outboxes share: which node is asked, and how messages look as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "common/model/json.hpp"
#include "common/model/outbox.hpp"
#include "coordinator/api/rooms.hpp"
#include "coordinator/sites/message_reading.hpp"
#include "coordinator/sites/node_id.hpp"

namespace fieldline::api {

// The nodes of the site that can be asked, the one that delivers first. kNotFound: no such site;
// kUnavailable: there are none now.
Result<std::vector<sites::NodeId>> nodes_to_ask(const Rooms& rooms, const std::string& site);
// The one that delivers; kUnavailable: it is not connected.
Result<sites::NodeId> delivering_node(const Rooms& rooms, const std::string& site);
// The id in the path; kNotFound when no message of this site can have it.
Result<MessageId> message_id(const Request& request);

Json json_of(const ParkedMessage& message);
Json json_of(const sites::WholeMessage& whole);

}  // namespace fieldline::api
