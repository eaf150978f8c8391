#include "coordinator/sites/questions.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "coordinator/sites/limits.hpp"

namespace fieldline::sites {

Result<> Questions::pose(const NodeId& node, wire::Header header, std::string body, wire::Type answer,
                         Settle settle) {
  const auto* session = roster_.find(node);
  if (session == nullptr)
    return fail(ErrorCode::kUnavailable, fmt::format("{} is not connected", node.text()));
  if (body.size() > wire::rule(header.type)->max_body)
    return fail(ErrorCode::kTooLarge, "the question is longer than a message may be: shorten its texts");
  if (owed_[node] >= kMaxQuestions)
    return fail(ErrorCode::kExhausted,
                fmt::format("{} owes {} answers already: try again later", node.text(), kMaxQuestions));
  const auto correlation = ++last_correlation_;
  header.correlation = correlation;
  outbound_.send(session->peer, header, std::move(body));
  const auto timer = loop_.after(deadline_, [this, correlation] { expire(correlation); });
  open_.emplace(correlation, Question{node, answer, timer, std::move(settle)});
  ++owed_[node];
  return {};
}

Result<> Questions::answered(const NodeId& node, const wire::Envelope& envelope) {
  const auto found = open_.find(envelope.header.correlation);
  // An answer after its deadline is nobody's.
  if (found == open_.end() || found->second.node != node) return {};
  if (found->second.answer != envelope.header.type)
    return fail(ErrorCode::kInvalid, "an answer to another question than was asked");
  const auto question = std::move(found->second);
  open_.erase(found);
  --owed_[node];
  loop_.cancel(question.timer);
  return question.settle(envelope);
}

void Questions::expire(std::uint64_t correlation) {
  const auto question = std::move(open_.extract(correlation).mapped());
  --owed_[question.node];
  static_cast<void>(question.settle(
      fail(ErrorCode::kTimeout,
           fmt::format("{} did not answer within {}", question.node.text(), format_duration(deadline_)))));
}

void Questions::close(const NodeId& node, const std::string& why) {
  std::vector<Question> lost;
  std::erase_if(open_, [&](auto& item) {
    if (item.second.node != node) return false;
    lost.push_back(std::move(item.second));
    return true;
  });
  owed_.erase(node);
  for (const auto& question : lost) {
    loop_.cancel(question.timer);
    static_cast<void>(question.settle(fail(ErrorCode::kUnavailable, why)));
  }
}

}  // namespace fieldline::sites
