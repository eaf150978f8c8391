// A person decides about parked messages: one, those that were picked out, or all that match. Carried out by
// the node that delivers, a portion at a time; what was done before a line broke is told. On the
// coordinator's loop.
#pragma once

#include "common/model/outbox.hpp"
#include "coordinator/api/rooms.hpp"

namespace fieldline::api {

void decide_about_one(const Rooms& rooms, Decision decision, const MessageId& id, const Request& request,
                      const Reply& reply);
// The body says which.
void decide_about_many(const Rooms& rooms, Decision decision, const Request& request, const Reply& reply);

}  // namespace fieldline::api
