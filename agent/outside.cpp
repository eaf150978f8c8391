#include "agent/outside.hpp"

#include <utility>
#include <variant>

#include "agent/targets/http.hpp"

namespace fieldline::agent {

void Outside::ask(runtime::Asked asked, runtime::Answered answered) {
  const auto target = parse_artifact_key(asked.target);
  if (!target) {
    refuse(fail(ErrorCode::kInvalid, "that is not the name of an artifact"), answered);
  } else if (!with_.may_act()) {
    refuse(fail(ErrorCode::kConflict, "this node is not the active one any more"), answered);
  } else if (asked.wish == runtime::Wish::kDelivery) {
    send(std::move(asked), answered);
  } else if (auto* request = std::get_if<HttpRequest>(&asked.content)) {
    with_.courier.call(target->name, std::move(*request), [answered](Result<targets::HttpAnswer> answer) {
      answered(answer ? Result<Json>(targets::json_of(std::move(*answer))) : fail(std::move(answer.error())));
    });
  } else {
    with_.courier.query(target->name, std::get<DatabaseWrite>(std::move(asked.content)), std::move(answered));
  }
}

// What no artifact stands for could wait for ever.
void Outside::send(runtime::Asked asked, const runtime::Answered& answered) {
  if (with_.resolve(asked.target) == nullptr)
    return refuse(fail(ErrorCode::kNotFound, "this node does not hold " + asked.target), answered);
  Message message;
  message.content = std::move(asked.content);
  message.instance = std::move(asked.instance);
  message.script = std::move(asked.script);
  message.target = std::move(asked.target);
  with_.outbox.accept(std::move(message), [answered](const Result<MessageId>& id) {
    answered(id ? Result<Json>(id->text()) : fail(id.error()));
  });
}

void Outside::refuse(Failure why, const runtime::Answered& answered) {
  with_.loop.post([answered, why = std::move(why)] { answered(why); });
}

}  // namespace fieldline::agent
