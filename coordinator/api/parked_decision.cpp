#include "coordinator/api/parked_decision.hpp"

#include <fmt/format.h>

#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "coordinator/api/answers.hpp"
#include "coordinator/api/limits.hpp"
#include "coordinator/api/outbox_reading.hpp"

namespace fieldline::api {

using sites::NodeId;

namespace {

// Ids named in an entry of the audit log.
constexpr std::size_t kNamedInAudit = 100;

// What a body chooses: messages by their ids, all of a target or an instance, or all.
struct ParkedChoice {
  bool all = false;
  std::vector<std::string> ids;
  std::string instance;
  std::string target;

  static constexpr auto fields = fields_in_order(
      defaulted("all", &ParkedChoice::all), defaulted("ids", &ParkedChoice::ids),
      defaulted("instance", &ParkedChoice::instance), defaulted("target", &ParkedChoice::target));
};

Result<std::deque<ParkedDecision>> picked(const std::vector<std::string>& ids, const std::string& site,
                                          const ParkedDecision& decision) {
  if (ids.size() > kPickedMessages)
    return fail(ErrorCode::kInvalid, fmt::format("at most {} ids at once", kPickedMessages), "/ids");
  std::deque<ParkedDecision> all;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto id = MessageId::parse(ids[i]);
    if (!id || id->site != site)
      return fail(ErrorCode::kInvalid, "no message of this site has such an id", fmt::format("/ids/{}", i));
    all.push_back(decision);
    all.back().id = id;
  }
  return all;
}

// The questions that it takes. Whoever means all has to say so.
Result<std::deque<ParkedDecision>> chosen(const Request& request, ParkedDecision decision) {
  ParkedChoice choice;
  if (auto read = from_json(request.document, choice); !read) return fail(std::move(read.error()));
  const bool by_filter = !choice.instance.empty() || !choice.target.empty();
  if (int{choice.all} + int{!choice.ids.empty()} + int{by_filter} != 1)
    return fail(ErrorCode::kInvalid,
                "say which: 'ids', or 'target' and 'instance' or one of them, or 'all': true");
  if (!choice.ids.empty()) return picked(choice.ids, request.param("site"), decision);
  decision.instance = choice.instance;
  decision.target = choice.target;
  return std::deque{std::move(decision)};
}

// Asks the node portion by portion. Lives as long as its questions.
class DecisionWalk : public std::enable_shared_from_this<DecisionWalk> {
 public:
  // `left` has one at least.
  DecisionWalk(const Rooms& rooms, NodeId node, std::deque<ParkedDecision> left, bool one, Reply reply)
      : rooms_(rooms),
        node_(std::move(node)),
        decision_(left.front().decision),
        left_(std::move(left)),
        one_(one),
        until_(rooms.loop.clock().now() + kDecisionTime),
        reply_(std::move(reply)) {}

  void go_on() {
    if (left_.empty() || rooms_.loop.clock().now() >= until_) return finish();
    rooms_.sites.decide(node_, left_.front(),
                        [self = shared_from_this()](const Result<ParkedDecided>& some) { self->take(some); });
  }

 private:
  void take(const Result<ParkedDecided>& some) {
    if (!some) return give_up(some.error());
    count_ += some->count;
    auto& asked = left_.front();
    if (asked.id) {
      auto& named = some->count == 0 ? not_parked_ : decided_;
      named.push_back(asked.id->text());
    }
    asked.cursor = some->next;
    if (asked.cursor.empty()) left_.pop_front();
    go_on();
  }

  void note() const {
    auto ids = decided_;
    if (ids.size() > kNamedInAudit) ids.resize(kNamedInAudit);
    Json details{{"node", node_.node}, {"count", count_}};
    if (!ids.empty()) details["ids"] = ids;
    audit::add_details(reply_.entry(), details);
  }

  void give_up(Error error) const {
    note();
    // An answer that did not come says nothing of what was done.
    error.message += fmt::format(". Before that {} messages were {}; look what became of the next ones",
                                 count_, decision_ == Decision::kRetry ? "made to wait again" : "discarded");
    reply_.fail(error);
  }

  void finish() const {
    note();
    if (one_ && count_ == 0)
      return reply_.fail(
          {ErrorCode::kNotFound,
           fmt::format("the message {} is not parked at {}", not_parked_.front(), node_.text()),
           {},
           {}});
    if (one_ && decision_ == Decision::kDiscard) return reply_.send(empty_response(204));
    reply_.send(json_response(200, {{"site", node_.site},
                                    {"node", node_.node},
                                    {"decision", name(decision_)},
                                    {"count", count_},
                                    {"more", !left_.empty()},
                                    {"not_parked", not_parked_}}));
  }

  const Rooms rooms_;
  const NodeId node_;
  const Decision decision_;
  std::deque<ParkedDecision> left_;
  const bool one_;
  const Instant until_;
  const Reply reply_;
  std::int64_t count_ = 0;
  std::vector<std::string> decided_;
  std::vector<std::string> not_parked_;
};

void carry_out(const Rooms& rooms, std::deque<ParkedDecision> decisions, bool one, const Request& request,
               const Reply& reply) {
  const auto node = delivering_node(rooms, request.param("site"));
  if (!node) return reply.fail(node.error());
  std::make_shared<DecisionWalk>(rooms, *node, std::move(decisions), one, reply)->go_on();
}

}  // namespace

void decide_about_one(const Rooms& rooms, Decision decision, const MessageId& id, const Request& request,
                      const Reply& reply) {
  audit::add_details(reply.entry(), {{"ids", {id.text()}}});
  carry_out(rooms, {ParkedDecision{"", decision, id, "", "", request.principal.name}}, true, request, reply);
}

void decide_about_many(const Rooms& rooms, Decision decision, const Request& request, const Reply& reply) {
  auto decisions =
      chosen(request, ParkedDecision{"", decision, std::nullopt, "", "", request.principal.name});
  if (!decisions) return reply.fail(decisions.error());
  const auto& first = decisions->front();
  if (!first.id) audit::add_details(reply.entry(), {{"instance", first.instance}, {"target", first.target}});
  carry_out(rooms, std::move(*decisions), false, request, reply);
}

}  // namespace fieldline::api
