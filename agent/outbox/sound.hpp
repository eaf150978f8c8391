// What a message must be before it is accepted. Pure.
#pragma once

#include <cstddef>

#include "common/base/result.hpp"
#include "common/model/message.hpp"

namespace fieldline::outbox {

// Texts are UTF-8, and the target is of the kind that the content is for.
Result<> check(const Message& message);
// What its texts take, near enough to hold against a cap.
std::size_t size_of(const Message& message);

}  // namespace fieldline::outbox
