#include "agent/runtime/script_library.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "agent/runtime/attributes.hpp"
#include "agent/runtime/limits.hpp"
#include "agent/runtime/scope.hpp"
#include "agent/runtime/script_runner.hpp"
#include "agent/runtime/scripts.hpp"
#include "agent/runtime/voice.hpp"
#include "common/model/artifact.hpp"

namespace fieldline::runtime {
namespace {

using lua::Values;
using Answer = Result<std::variant<Values, lua::Request>>;

Failure wrong_argument(std::string_view function, std::string_view wanted) {
  return fail(ErrorCode::kInvalid, fmt::format("{} takes {}", function, wanted));
}

const std::string* text_at(const Values& arguments, std::size_t i) {
  return i < arguments.size() ? std::get_if<std::string>(&arguments[i]) : nullptr;
}

// What the script runs with. Copied into each function: it is six references.
class Functions {
 public:
  explicit Functions(const ScriptSurroundings& surroundings)
      : around_(surroundings), scope_(scope_of(surroundings.self.definition().name)) {}

  Result<Values> get(const Values& arguments) const {
    const auto* name = text_at(arguments, 0);
    if (name == nullptr) return wrong_argument("attributes.get", "the name of an attribute");
    const auto attribute = attribute_named(*name);
    if (!attribute) return fail(attribute.error());
    auto sample = around_.attributes.sample(*attribute);
    return Values{std::move(sample.value), fieldline::name(sample.quality), sample.source_time};
  }

  Answer set(const Values& arguments) const {
    const auto* name = text_at(arguments, 0);
    if (name == nullptr || arguments.size() != 2) {
      return wrong_argument("attributes.set", "the name of an attribute and a value");
    }
    const auto attribute = attribute_named(*name);
    if (!attribute) return fail(attribute.error());
    auto& self = around_.self;
    const auto request = self.open_request();
    const auto course =
        around_.attributes.write(*attribute, arguments[1], [&self, request](const Result<>& answer) {
          self.answer(request, answer ? Result<Values>(Values{}) : fail(answer.error()));
        });
    if (!course) return fail(course.error());
    if (*course == Attributes::Course::kHeld) return Values{};
    return request;
  }

  Answer call(Values arguments) const {
    const auto* name = text_at(arguments, 0);
    if (name == nullptr) return wrong_argument("scripts.call", "the name of a script, and its arguments");
    auto* callee = around_.scripts.find(in_scope(scope_, *name));
    if (callee == nullptr) return unknown("script", *name);
    arguments.erase(arguments.begin());
    auto& self = around_.self;
    const auto request = self.open_request();
    auto called = callee->call(self, std::move(arguments), [&self, request](Result<Values> values) {
      self.answer(request, std::move(values));
    });
    if (!called) return fail(std::move(called.error()));
    return request;
  }

  Result<lua::Request> external(Wish wish, const Json& arguments) const {
    if (!is_named(arguments, 1, 2)) {
      return wrong_argument(wish == Wish::kAnswer ? "external.call" : "external.send",
                            "the name of an external system, and a request");
    }
    auto request = http_request_of(arguments.size() > 1 ? arguments[1] : Json());
    if (!request) return fail(std::move(request.error()));
    return ask(ArtifactKind::kExternalSystem, arguments, std::move(*request), wish);
  }

  Result<lua::Request> database(Wish wish, const Json& arguments) const {
    if (!is_named(arguments, 2, 3)) {
      return wrong_argument(wish == Wish::kAnswer ? "database.query" : "database.write",
                            "the name of a database connection, a statement, and parameters");
    }
    auto statement = statement_of(arguments[1], arguments.size() > 2 ? arguments[2] : Json());
    if (!statement) return fail(std::move(statement.error()));
    return ask(ArtifactKind::kDatabaseConnection, arguments, std::move(*statement), wish);
  }

  Result<lua::Request> notify(const Json& arguments) const {
    if (!is_named(arguments, 2, 3))
      return wrong_argument("notify.send", "the name of a notification list, a subject, and a text");
    auto mail = mail_of(arguments[1], arguments.size() > 2 ? arguments[2] : Json());
    if (!mail) return fail(std::move(mail.error()));
    return ask(ArtifactKind::kNotificationList, arguments, std::move(*mail), Wish::kDelivery);
  }

  Answer sleep(const Values& arguments) const {
    const auto seconds = arguments.size() == 1 ? as_number(arguments[0]) : std::nullopt;
    const auto longest = std::chrono::duration_cast<std::chrono::seconds>(kLongestSleep).count();
    if (!seconds || !(*seconds >= 0) || *seconds > static_cast<double>(longest)) {
      return wrong_argument("sleep", fmt::format("seconds, from 0 to {}", longest));
    }
    return around_.self.sleep(Duration(static_cast<std::int64_t>(*seconds * 1e6)));
  }

  Result<Values> log(Severity severity, const Values& arguments) const {
    std::string line;
    for (const auto& value : arguments) {
      if (!line.empty()) line += ' ';
      const auto* text = std::get_if<std::string>(&value);
      line += text != nullptr ? *text : to_text(value);
    }
    around_.log.say(severity, "scripts/" + around_.self.definition().name, std::move(line));
    return Values{};
  }

 private:
  // Its first argument is the name of an artifact.
  static bool is_named(const Json& arguments, std::size_t least, std::size_t most) {
    return arguments.size() >= least && arguments.size() <= most && arguments[0].is_string();
  }

  [[nodiscard]] lua::Request ask(ArtifactKind kind, const Json& arguments, MessageContent content,
                                 Wish wish) const {
    auto& self = around_.self;
    const auto request = self.open_request();
    around_.ask({std::move(content), around_.config.instance, self.definition().name,
                 artifact_key(kind, arguments[0].get_ref<const std::string&>()), wish},
                [&self, request](Result<Json> answer) {
                  self.answer(request, answer ? Result<lua::Reply>(std::move(*answer))
                                              : fail(std::move(answer.error())));
                });
    return request;
  }

  [[nodiscard]] Failure unknown(std::string_view kind, std::string_view name) const {
    const auto place = scope_.empty() ? "here" : fmt::format("in {}", scope_);
    return fail(ErrorCode::kNotFound, fmt::format("there is no {} named {} {}", kind, name, place));
  }

  [[nodiscard]] Result<std::size_t> attribute_named(std::string_view name) const {
    const auto found = around_.attributes.find(in_scope(scope_, name));
    if (!found) return unknown("attribute", name);
    return *found;
  }

  const ScriptSurroundings around_;
  const std::string_view scope_;
};

}  // namespace

std::shared_ptr<const lua::Library> script_library(const ScriptSurroundings& surroundings) {
  const auto functions = std::make_shared<const Functions>(surroundings);
  auto library = std::make_shared<lua::Library>();
  library->immediate("attributes.get",
                     [functions](const Values& arguments) { return functions->get(arguments); });
  library->awaiting("attributes.set",
                    [functions](const Values& arguments) { return functions->set(arguments); });
  library->awaiting("scripts.call",
                    [functions](Values arguments) { return functions->call(std::move(arguments)); });
  constexpr std::tuple<const char*, const char*, Wish> kAsking[]{
      {"external.call", "database.query", Wish::kAnswer},
      {"external.send", "database.write", Wish::kDelivery}};
  for (const auto& [external, database, wish] : kAsking) {
    library->asking(external, [functions, wanted = wish](const Json& arguments) {
      return functions->external(wanted, arguments);
    });
    library->asking(database, [functions, wanted = wish](const Json& arguments) {
      return functions->database(wanted, arguments);
    });
  }
  library->asking("notify.send", [functions](const Json& arguments) { return functions->notify(arguments); });
  library->awaiting("sleep", [functions](const Values& arguments) { return functions->sleep(arguments); });
  constexpr std::pair<const char*, Severity> kLevels[]{{"log.debug", Severity::kDebug},
                                                       {"log.info", Severity::kInfo},
                                                       {"log.warn", Severity::kWarning},
                                                       {"log.error", Severity::kError}};
  for (const auto& [name, severity] : kLevels) {
    library->immediate(name, [functions, level = severity](const Values& arguments) {
      return functions->log(level, arguments);
    });
  }
  const auto& config = surroundings.config;
  library->immediate("instance.name", [&config](const Values&) { return Values{config.instance}; });
  library->immediate("instance.area", [&config](const Values&) { return Values{config.area}; });
  return library;
}

}  // namespace fieldline::runtime
