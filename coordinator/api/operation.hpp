// One operation on an instance as HTTP shows it: 202 and where its deployment is, or its end when the
// client waits for that. On the coordinator's loop.
#pragma once

#include <functional>
#include <string>

#include "coordinator/api/rooms.hpp"

namespace fieldline::api {

using Operation = std::function<void(const std::string& instance, deployment::Request by,
                                     deployment::Answer<deployment::Deployment> done)>;

// Starts it on the instance of the request, with the revision that the body says was reviewed.
void start_operation(const Rooms& rooms, const Request& request, const Reply& reply,
                     const Operation& operation);

}  // namespace fieldline::api
