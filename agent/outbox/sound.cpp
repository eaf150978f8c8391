#include "agent/outbox/sound.hpp"

#include <fmt/format.h>

#include "common/base/utf8.hpp"
#include "common/model/artifact.hpp"

namespace fieldline::outbox {
namespace {

template <class Visit>
void visit_texts(const HttpRequest& request, const Visit& visit) {
  for (const auto* text : {&request.body, &request.content_type, &request.method, &request.path})
    visit(*text);
  for (const auto& [name, value] : request.headers) {
    visit(name);
    visit(value);
  }
}
template <class Visit>
void visit_texts(const DatabaseWrite& write, const Visit& visit) {
  visit(write.statement);
  for (const auto& [name, value] : write.parameters) {
    visit(name);
    if (const auto* text = std::get_if<std::string>(&value)) visit(*text);
  }
}
template <class Visit>
void visit_texts(const Mail& mail, const Visit& visit) {
  visit(mail.subject);
  visit(mail.body);
}

constexpr ArtifactKind kind_for(const HttpRequest&) {
  return ArtifactKind::kExternalSystem;
}
constexpr ArtifactKind kind_for(const DatabaseWrite&) {
  return ArtifactKind::kDatabaseConnection;
}
constexpr ArtifactKind kind_for(const Mail&) {
  return ArtifactKind::kNotificationList;
}

}  // namespace

Result<> check(const Message& message) {
  bool is_text = true;
  const auto look = [&](const std::string& text) { is_text = is_text && is_utf8(text); };
  std::visit([&](const auto& content) { visit_texts(content, look); }, message.content);
  if (!is_text) return fail(ErrorCode::kInvalid, "a message holds text in UTF-8 only");
  const auto kind = std::visit([](const auto& content) { return kind_for(content); }, message.content);
  const auto target = parse_artifact_key(message.target);
  if (target && target->kind == kind) return {};
  return fail(ErrorCode::kInvalid, fmt::format("'{}' is not one of the {}", message.target, name(kind)));
}

std::size_t size_of(const Message& message) {
  std::size_t bytes = message.instance.size() + message.script.size() + message.target.size() + 100;
  const auto add = [&](const std::string& text) { bytes += text.size() + 8; };
  std::visit([&](const auto& content) { visit_texts(content, add); }, message.content);
  return bytes;
}

}  // namespace fieldline::outbox
