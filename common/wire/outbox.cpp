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

constexpr std::string_view name_of(const DatabaseWrite&) {
  return "database";
}
constexpr std::string_view name_of(const HttpRequest&) {
  return "http";
}
constexpr std::string_view name_of(const Mail&) {
  return "mail";
}

}  // namespace

// As encode() would write a MessageForm, without first copying the message into one.
std::string pack_message(const Message& message) {
  std::string bytes;
  bytes.reserve(1536);  // most messages in one piece
  Packer packer(std::move(bytes));
  packer.map(6);
  const auto content = [&] {
    std::visit(
        [&](const auto& of_kind) {
          packer.text(name_of(of_kind));
          detail::write(packer, of_kind);
        },
        message.content);
  };
  const auto text = [&](std::string_view name, const std::string& value) {
    packer.text(name);
    packer.text(value);
  };
  packer.text("accepted");
  packer.timestamp(message.accepted);
  const bool is_mail = std::holds_alternative<Mail>(message.content);
  if (!is_mail) content();
  text("instance", message.instance);
  if (is_mail) content();
  text("script", message.script);
  text("target", message.target);
  text("trace_id", message.trace_id);
  return packer.take();
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
