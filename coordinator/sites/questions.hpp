// Questions to nodes, each with one answer or a deadline. Refuses more than a node can be expected to
// work on. Lives on the loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/model/outbox.hpp"
#include "common/wire/message.hpp"
#include "coordinator/sites/answer.hpp"
#include "coordinator/sites/node_id.hpp"
#include "coordinator/sites/outbound.hpp"
#include "coordinator/sites/roster.hpp"

namespace fieldline::sites {

// What answers a question, and how it is read.
template <class Page>
struct AnswerOf {
  using Body = Page;
  static Page whole(Page page, const wire::Envelope&) { return page; }
};
template <>
struct AnswerOf<MessagePart> {
  using Body = MessagePiece;
  static MessagePart whole(MessagePiece piece, const wire::Envelope& envelope) {
    return {std::move(piece), std::string(envelope.attachment)};
  }
};

class Questions {
 public:
  Questions(Executor& loop, Outbound& outbound, const Roster& roster, Duration deadline)
      : loop_(loop), outbound_(outbound), roster_(roster), deadline_(deadline) {}

  // `done` is never called from inside. A page may be a body, or one with its attachment.
  template <class Page, class Query>
  void ask(const NodeId& node, const Query& query, Answer<Page> done);

  // What a connected node sent. An error: no honest node sends that.
  Result<> answered(const NodeId& node, const wire::Envelope& envelope);
  void close(const NodeId& node, const std::string& why);

 private:
  using Settle = std::function<Result<>(const Result<wire::Envelope>&)>;
  struct Question {
    NodeId node;
    wire::Type answer{};
    Executor::TimerId timer = 0;
    Settle settle;
  };

  // Fails without calling `settle`.
  Result<> pose(const NodeId& node, wire::Header header, std::string body, wire::Type answer, Settle settle);
  void expire(std::uint64_t correlation);

  Executor& loop_;
  Outbound& outbound_;
  const Roster& roster_;
  const Duration deadline_;
  std::unordered_map<std::uint64_t, Question> open_;  // by correlation
  std::map<NodeId, std::size_t> owed_;
  std::uint64_t last_correlation_ = 0;
};

template <class Page, class Query>
void Questions::ask(const NodeId& node, const Query& query, Answer<Page> done) {
  auto settle = [done](const Result<wire::Envelope>& envelope) -> Result<> {
    if (!envelope) {
      done(fail(envelope.error()));
      return {};
    }
    auto page = wire::body_of<typename AnswerOf<Page>::Body>(*envelope);
    if (!page) {
      done(fail(ErrorCode::kCorrupt, "the node's answer can't be read"));
      return fail(std::move(page.error()));
    }
    done(AnswerOf<Page>::whole(std::move(*page), *envelope));
    return {};
  };
  wire::Header header;
  header.type = wire::kTypeOf<Query>;
  auto posed = pose(node, header, wire::encode(query), wire::kTypeOf<typename AnswerOf<Page>::Body>,
                    std::move(settle));
  if (!posed) loop_.post([done = std::move(done), error = std::move(posed.error())] { done(fail(error)); });
}

}  // namespace fieldline::sites
