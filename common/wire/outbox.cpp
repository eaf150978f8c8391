#include "common/wire/outbox.hpp"

#include <optional>
#include <utility>

#include "common/wire/codec.hpp"

namespace fieldline::wire {
namespace {

// One of the three kinds is there.
struct MessageForm {
  Timestamp accepted{};
  std::optional<DatabaseWrite> database;
  std::optional<HttpRequest> http;
  std::string instance;
  std::optional<Mail> mail;
  std::string script;
  std::string target;
  std::string trace_id;

  static constexpr auto fields = fields_in_order(
      required("accepted", &MessageForm::accepted), defaulted("database", &MessageForm::database),
      defaulted("http", &MessageForm::http), required("instance", &MessageForm::instance),
      defaulted("mail", &MessageForm::mail), required("script", &MessageForm::script),
      required("target", &MessageForm::target), defaulted("trace_id", &MessageForm::trace_id));
};

void hold(MessageForm& form, const DatabaseWrite& write) {
  form.database = write;
}
void hold(MessageForm& form, const HttpRequest& request) {
  form.http = request;
}
void hold(MessageForm& form, const Mail& mail) {
  form.mail = mail;
}

}  // namespace

std::string pack_message(const Message& message) {
  MessageForm form;
  form.accepted = message.accepted;
  form.instance = message.instance;
  form.script = message.script;
  form.target = message.target;
  form.trace_id = message.trace_id;
  std::visit([&](const auto& content) { hold(form, content); }, message.content);
  return encode(form);
}

Result<Message> unpack_message(std::string_view bytes) {
  auto form = decode<MessageForm>(bytes);
  if (!form) return fail(std::move(form.error()));
  Message message{form->accepted,
                  {},
                  {},
                  std::move(form->instance),
                  std::move(form->script),
                  std::move(form->target),
                  std::move(form->trace_id)};
  const int kinds =
      int{form->database.has_value()} + int{form->http.has_value()} + int{form->mail.has_value()};
  if (kinds != 1) return fail(ErrorCode::kInvalid, "a message of no kind that is known here");
  if (form->database) message.content = std::move(*form->database);
  if (form->http) message.content = std::move(*form->http);
  if (form->mail) message.content = std::move(*form->mail);
  return message;
}

}  // namespace fieldline::wire
