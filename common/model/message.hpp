// What a script hands over to be delivered outside of the site: accepted once, delivered at least once,
// known everywhere by its id. Some hold what only the target may read: never into a log or an event.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/base/time.hpp"
#include "common/model/fields.hpp"
#include "common/model/value.hpp"

namespace fieldline {

// No two messages ever have the same: the node that accepted it, in which of the pair's epochs, and its
// place in that node's journal. A receiver that sees one again knows that it has it already.
struct MessageId {
  std::uint64_t epoch = 0;
  std::string node{};
  std::uint64_t sequence = 0;
  std::string site{};

  // "north.a.3.1024": site, node, epoch, sequence.
  [[nodiscard]] std::string text() const;
  static std::optional<MessageId> parse(std::string_view text);

  static constexpr auto fields =
      fields_in_order(required("epoch", &MessageId::epoch), required("node", &MessageId::node),
                      required("sequence", &MessageId::sequence), required("site", &MessageId::site));
  friend auto operator<=>(const MessageId&, const MessageId&) = default;
};

// To an external system.
struct HttpRequest {
  std::string body{};
  std::string content_type{};
  std::map<std::string, std::string> headers{};
  std::string method = "POST";
  std::string path{};  // goes behind the base URL of the system

  static constexpr auto fields = fields_in_order(
      defaulted("body", &HttpRequest::body), defaulted("content_type", &HttpRequest::content_type),
      defaulted("headers", &HttpRequest::headers), defaulted("method", &HttpRequest::method),
      defaulted("path", &HttpRequest::path));
  friend bool operator==(const HttpRequest&, const HttpRequest&) = default;
};

// To a database connection. The statement names its parameters as :name.
struct DatabaseWrite {
  std::map<std::string, Value> parameters{};
  std::string statement{};

  static constexpr auto fields = fields_in_order(defaulted("parameters", &DatabaseWrite::parameters),
                                                 required("statement", &DatabaseWrite::statement));
  friend bool operator==(const DatabaseWrite&, const DatabaseWrite&) = default;
};

// To a notification list.
struct Mail {
  std::string body{};
  std::string subject{};

  static constexpr auto fields =
      fields_in_order(defaulted("body", &Mail::body), required("subject", &Mail::subject));
  friend bool operator==(const Mail&, const Mail&) = default;
};

using MessageContent = std::variant<HttpRequest, DatabaseWrite, Mail>;

// As bytes: pack_message of common/wire.
struct Message {
  Timestamp accepted{};
  MessageContent content{};
  MessageId id{};
  std::string instance{};
  std::string script{};
  std::string target{};  // the key of an artifact: "external-systems/erp"
  std::string trace_id{};

  friend bool operator==(const Message&, const Message&) = default;
};

}  // namespace fieldline
