#include "agent/runtime/outside.hpp"

#include <fmt/format.h>

#include <utility>

namespace fieldline::runtime {
namespace {

struct RequestFields {
  Json body{};
  std::string content_type{};
  std::map<std::string, std::string> headers{};
  std::string method{};
  std::string path{};
};

// nil where nothing is meant.
bool is_table_or_none(const Json& json) {
  return json.is_null() || json.is_object();
}

Result<> read_field(const std::string& name, const Json& given, RequestFields& fields) {
  if (name == "body") {
    fields.body = given;
    return {};
  }
  if (name == "content_type") return from_json(given, fields.content_type, name);
  if (name == "headers") return from_json(given, fields.headers, name);
  if (name == "method") return from_json(given, fields.method, name);
  if (name == "path") return from_json(given, fields.path, name);
  return fail(
      ErrorCode::kInvalid,
      fmt::format("a request has no field '{}': it has body, content_type, headers, method and path", name));
}

}  // namespace

Result<HttpRequest> http_request_of(const Json& given) {
  if (!is_table_or_none(given)) return fail(ErrorCode::kInvalid, "a request is a table");
  RequestFields fields;
  for (const auto& [name, value] : given.items()) {
    auto read = read_field(name, value, fields);
    if (!read) {
      const auto& error = read.error();
      return fail(ErrorCode::kInvalid,
                  error.where.empty() ? error.message : fmt::format("{}: {}", error.where, error.message));
    }
  }
  HttpRequest request;
  request.content_type = std::move(fields.content_type);
  request.headers = std::move(fields.headers);
  request.path = std::move(fields.path);
  request.method = !fields.method.empty() ? std::move(fields.method) : fields.body.is_null() ? "GET" : "POST";
  if (fields.body.is_null()) return request;
  const bool is_text = fields.body.is_string();
  request.body = is_text ? fields.body.get<std::string>() : fields.body.dump();
  if (request.content_type.empty())
    request.content_type = is_text ? "text/plain; charset=utf-8" : "application/json";
  return request;
}

Result<DatabaseWrite> statement_of(const Json& statement, const Json& parameters) {
  if (!statement.is_string()) return fail(ErrorCode::kInvalid, "a statement is a text");
  if (!is_table_or_none(parameters)) return fail(ErrorCode::kInvalid, "parameters are a table by name");
  DatabaseWrite made;
  made.statement = statement.get<std::string>();
  for (const auto& [name, given] : parameters.items()) {
    auto value = value_from_json(given, name);
    if (!value) return fail(ErrorCode::kInvalid, fmt::format("the parameter {} is no single value", name));
    made.parameters.emplace(name, std::move(*value));
  }
  return made;
}

Result<Mail> mail_of(const Json& subject, const Json& body) {
  if (!subject.is_string() || !(body.is_string() || body.is_null()))
    return fail(ErrorCode::kInvalid, "a subject is a text, and so is what follows it");
  return Mail{body.is_null() ? std::string() : body.get<std::string>(), subject.get<std::string>()};
}

}  // namespace fieldline::runtime
