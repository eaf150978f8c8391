#include "coordinator/sites/message_reading.hpp"

#include <fmt/format.h>

#include <utility>

#include "common/wire/outbox.hpp"
#include "coordinator/sites/limits.hpp"

namespace fieldline::sites {

MessageReading::MessageReading(Questions& questions, NodeId node, MessageId id, Answer<WholeMessage> done)
    : questions_(questions), node_(std::move(node)), id_(std::move(id)), done_(std::move(done)) {}

void MessageReading::go_on() {
  questions_.ask<MessagePart>(
      node_, MessageQuery{true, id_, bytes_.size()},
      [self = shared_from_this()](const Result<MessagePart>& part) { self->take(part); });
}

void MessageReading::take(const Result<MessagePart>& part) {
  if (!part) return done_(fail(part.error()));
  const auto& [piece, bytes] = *part;
  if (piece.size == 0)
    return done_(fail(ErrorCode::kNotFound,
                      fmt::format("the message {} is not live at {}", id_.text(), node_.text())));
  const auto reached = bytes_.size() + bytes.size();
  if (piece.size > kMaxMessage || piece.offset != bytes_.size() || bytes.empty() || reached > piece.size)
    return done_(fail(ErrorCode::kCorrupt, "the node's answer can't be read"));
  bytes_ += bytes;
  if (reached < piece.size) return go_on();
  finish(piece);
}

void MessageReading::finish(const MessagePiece& piece) {
  auto message = wire::unpack_message(bytes_);
  // It may have changed between two pieces.
  if (!message) return done_(fail(ErrorCode::kCorrupt, "the node's answer can't be read"));
  message->id = id_;
  done_(WholeMessage{std::move(*message), piece});
}

}  // namespace fieldline::sites
