// Reads a whole message from a node, piece by piece. Refuses pieces that do not join, or more of them than a
// message has. Lives on the loop, as long as its questions.
#pragma once

#include <memory>
#include <string>

#include "common/model/message.hpp"
#include "common/model/outbox.hpp"
#include "coordinator/sites/answer.hpp"
#include "coordinator/sites/node_id.hpp"
#include "coordinator/sites/questions.hpp"

namespace fieldline::sites {

struct WholeMessage {
  Message message;
  MessagePiece piece;  // of the state that it was in
};

class MessageReading : public std::enable_shared_from_this<MessageReading> {
 public:
  // kNotFound: it neither waits there nor is parked.
  MessageReading(Questions& questions, NodeId node, MessageId id, Answer<WholeMessage> done);

  void go_on();

 private:
  void take(const Result<MessagePart>& part);
  void finish(const MessagePiece& piece);

  Questions& questions_;
  const NodeId node_;
  const MessageId id_;
  const Answer<WholeMessage> done_;
  std::string bytes_;
};

}  // namespace fieldline::sites
