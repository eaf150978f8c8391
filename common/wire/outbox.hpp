// A message of the outbox as bytes: as a journal keeps it and as a pair's nodes exchange it. Its id is not
// part of them: who keeps the bytes keeps the id beside them.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/model/message.hpp"

namespace fieldline::wire {

std::string pack_message(const Message& message);
// Its id is empty. kInvalid: not a message, or one of a kind that is not known here.
Result<Message> unpack_message(std::string_view bytes);

}  // namespace fieldline::wire
