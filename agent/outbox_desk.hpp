// What the coordinator sees of this node's outbox, and how it hands on what people decide about parked
// messages. Hides what is secret in a message; decides only while this node delivers. Lives on the agent's
// loop.
#pragma once

#include <functional>
#include <utility>

#include "agent/journal/journal.hpp"
#include "agent/outbox/outbox.hpp"
#include "agent/uplink/uplink.hpp"
#include "common/model/outbox.hpp"

namespace fieldline::agent {

class OutboxDesk {
 public:
  template <class T>
  using Reply = uplink::Node::Reply<T>;

  // Both outlive it. `delivers`: is this the node that does?
  OutboxDesk(outbox::Outbox& outbox, journal::Journal& journal, std::function<bool()> delivers)
      : outbox_(outbox), journal_(journal), delivers_(std::move(delivers)) {}

  [[nodiscard]] OutboxHealth health() const;
  void outbox(const OutboxQuery& query, const Reply<OutboxPage>& reply) const;
  void parked(const ParkedQuery& query, Reply<ParkedPage> reply);
  void message(const MessageQuery& query, Reply<MessagePart> reply);
  void decide(const ParkedDecision& decision, Reply<ParkedDecided> reply);

 private:
  void answer_proof(const MessageId& id, Reply<MessagePart> reply);

  outbox::Outbox& outbox_;
  journal::Journal& journal_;
  const std::function<bool()> delivers_;
};

// Values of headers that identify the sender to its target, replaced.
void hide_secrets(Message& message);

}  // namespace fieldline::agent
