#include "agent/outbox_desk.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>
#include <tuple>
#include <utility>

#include "agent/pages.hpp"
#include "common/wire/limits.hpp"
#include "common/wire/outbox.hpp"

namespace fieldline::agent {
namespace {

constexpr std::string_view kHidden = "***";

// Words in the name of a header whose value is a secret; in doubt one too many is hidden.
constexpr auto kSecretWords = std::to_array<std::string_view>(
    {"auth", "token", "secret", "cookie", "password", "api-key", "apikey", "signature"});

bool is_secret(std::string name) {
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; });
  return std::ranges::any_of(kSecretWords,
                             [&](std::string_view word) { return name.find(word) != name.npos; });
}

// Targets that a health message names; a node with more names those that need a person most.
constexpr std::size_t kReportedTargets = 20;

MessageState state_of(journal::Ending ending) {
  switch (ending) {
    case journal::Ending::kDelivered:
      return MessageState::kDelivered;
    case journal::Ending::kDiscarded:
      return MessageState::kDiscarded;
    case journal::Ending::kDropped:
      break;
  }
  return MessageState::kDropped;
}

MessagePart part_of(journal::LiveMessage live, const MessageQuery& query) {
  auto& message = live.message;
  MessagePart part;
  part.piece.accepted = message.accepted;
  part.piece.state = live.parked ? MessageState::kParked : MessageState::kWaiting;
  if (live.parked) part.piece.at = live.at;
  part.piece.detail = std::move(live.reason);
  part.piece.instance = message.instance;
  part.piece.script = message.script;
  part.piece.target = message.target;
  if (!query.content) return part;
  hide_secrets(message);
  const auto bytes = wire::pack_message(message);
  part.piece.size = bytes.size();
  part.piece.offset = std::min<std::uint64_t>(query.offset, bytes.size());
  part.bytes = bytes.substr(part.piece.offset, wire::kMaxChunk);
  return part;
}

}  // namespace

void hide_secrets(Message& message) {
  auto* request = std::get_if<HttpRequest>(&message.content);
  if (request == nullptr) return;
  for (auto& [name, value] : request->headers) {
    if (is_secret(name)) value = kHidden;
  }
}

OutboxHealth OutboxDesk::health() const {
  OutboxHealth health;
  for (auto& status : outbox_.status()) {
    health.bytes += status.bytes;
    health.depth += status.depth;
    health.parked += status.parked;
    health.full += status.filling == Filling::kFull ? 1 : 0;
    health.nearly_full += status.filling == Filling::kNearlyFull ? 1 : 0;
    if (status.oldest) health.oldest = std::min(health.oldest.value_or(*status.oldest), *status.oldest);
    if (status.depth > 0 || status.parked > 0) health.targets.push_back(std::move(status));
  }
  std::ranges::stable_sort(health.targets, std::greater(), [](const TargetStatus& status) {
    return std::tuple(status.blocked, status.filling, status.parked, status.depth);
  });
  if (health.targets.size() > kReportedTargets) {
    health.others = static_cast<std::int64_t>(health.targets.size() - kReportedTargets);
    health.targets.resize(kReportedTargets);
  }
  return health;
}

void OutboxDesk::outbox(const OutboxQuery& query, const Reply<OutboxPage>& reply) const {
  const auto& caps = outbox_.caps();
  OutboxPage page;
  page.delivers = delivers_();
  page.drop_oldest = caps.drop_oldest;
  page.max_age = std::chrono::duration_cast<Duration>(caps.age);
  page.max_bytes = caps.bytes;
  std::tie(page.targets, page.next) =
      page_of(outbox_.status(), query.cursor, [](const TargetStatus& status) { return status.target; });
  reply(std::move(page));
}

void OutboxDesk::parked(const ParkedQuery& query, Reply<ParkedPage> reply) {
  journal_.parked({std::nullopt, query.instance, query.target}, query.cursor, query.limit,
                  [reply = std::move(reply)](Result<ParkedPage> page) {
                    if (!page)
                      spdlog::error("parked messages could not be read: {}", page.error().describe());
                    reply(page ? std::move(*page) : ParkedPage{});
                  });
}

void OutboxDesk::message(const MessageQuery& query, Reply<MessagePart> reply) {
  journal_.live(query.id, [this, query, reply = std::move(reply)](Result<journal::LiveMessage> live) {
    if (live) return reply(part_of(std::move(*live), query));
    answer_proof(query.id, reply);
  });
}

void OutboxDesk::answer_proof(const MessageId& id, Reply<MessagePart> reply) {
  journal_.proof(id, [reply = std::move(reply)](Result<journal::Proof> proof) {
    MessagePart part;
    if (proof) {
      part.piece.at = proof->at;
      part.piece.detail = std::move(proof->detail);
      part.piece.state = state_of(proof->ending);
      part.piece.target = std::move(proof->target);
    }
    reply(std::move(part));
  });
}

void OutboxDesk::decide(const ParkedDecision& decision, Reply<ParkedDecided> reply) {
  ParkedDecided decided;
  if (!delivers_()) {
    decided.code = "not-active";
    decided.message = "this node does not deliver now: ask again once a node of the site is active";
    return reply(std::move(decided));
  }
  outbox_.decide(decision, [reply = std::move(reply)](Result<outbox::Decided> some) {
    ParkedDecided answer;
    if (some) {
      answer.count = some->count;
      answer.next = std::move(some->next);
    } else {
      answer.code = "unavailable";
      answer.message = some.error().describe();
    }
    reply(std::move(answer));
  });
}

}  // namespace fieldline::agent
