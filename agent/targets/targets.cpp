#include "agent/targets/targets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/targets/http.hpp"
#include "agent/targets/limits.hpp"
#include "agent/targets/mail.hpp"
#include "agent/targets/text.hpp"

namespace fieldline::targets {
namespace {

std::string absent(ArtifactKind kind, const std::string& name) {
  return fmt::format("{} is not at this site", artifact_key(kind, name));
}

Result<> check_statement(const DatabaseWrite& statement) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : statement.parameters) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) continue;
    bytes += text->size();
    // SOCI would end the text there, and PostgreSQL has no such character.
    if (text->find('\0') != std::string::npos) {
      return fail(ErrorCode::kInvalid, fmt::format("the parameter {} has a NUL character", name));
    }
  }
  if (statement.statement.find('\0') != std::string::npos) {
    return fail(ErrorCode::kInvalid, "the statement has a NUL character");
  }
  if (statement.statement.find_first_not_of(" \t\r\n;") == std::string::npos) {
    return fail(ErrorCode::kInvalid, "there is no statement");
  }
  if (statement.statement.size() <= kStatementBytes && bytes <= kRequestBytes) return {};
  return fail(ErrorCode::kTooLarge, "the statement is longer than 64 KiB, or its parameters than 1 MiB");
}

bool is_final(const Error& error) {
  return error.code == ErrorCode::kInvalid || error.code == ErrorCode::kTooLarge;
}

Outcome outcome_of(const Error& error) {
  if (is_final(error)) return Refused{error.message};
  return Postponed{error.message};
}

}  // namespace

Targets::Targets(Surroundings surroundings)
    : around_(std::move(surroundings)),
      self_(std::make_shared<Targets*>(this)),
      transfers_(around_.loop, around_.authorities) {}

Targets::~Targets() = default;

template <class T>
void Targets::answer(const Done<T>& done, T with) {
  around_.loop.post([done, self = std::weak_ptr(self_), with = std::make_shared<T>(std::move(with))] {
    if (!self.expired()) done(std::move(*with));
  });
}

template <class T>
std::shared_ptr<const T> Targets::artifact(ArtifactKind kind, const std::string& name) const {
  const auto found = around_.resolve(artifact_key(kind, name));
  const auto* of_kind = found ? std::get_if<T>(found.get()) : nullptr;
  return of_kind == nullptr ? nullptr : std::shared_ptr<const T>(found, of_kind);
}

void Targets::deliver(const Message& message, Done<Outcome> done) {
  const auto target = parse_artifact_key(message.target);
  const auto* request = std::get_if<HttpRequest>(&message.content);
  const auto* statement = std::get_if<DatabaseWrite>(&message.content);
  const auto* letter = std::get_if<Mail>(&message.content);
  if (target && request != nullptr && target->kind == ArtifactKind::kExternalSystem) {
    return post(message, *request, target->name, std::move(done));
  }
  if (target && statement != nullptr && target->kind == ArtifactKind::kDatabaseConnection) {
    return write(message, *statement, target->name, std::move(done));
  }
  if (target && letter != nullptr && target->kind == ArtifactKind::kNotificationList) {
    return mail(message, *letter, target->name, std::move(done));
  }
  answer<Outcome>(done, Refused{"the message is not one for its target"});
}

void Targets::post(const Message& message, const HttpRequest& request, const std::string& name,
                   Done<Outcome> done) {
  const auto system = artifact<ExternalSystem>(ArtifactKind::kExternalSystem, name);
  if (!system) return answer<Outcome>(done, Postponed{absent(ArtifactKind::kExternalSystem, name)});
  transfer(http_transfer(*system, request, message.id.text()), std::move(done), &http_outcome);
}

void Targets::mail(const Message& message, const Mail& mail, const std::string& name, Done<Outcome> done) {
  const auto list = artifact<NotificationList>(ArtifactKind::kNotificationList, name);
  if (!list) return answer<Outcome>(done, Postponed{absent(ArtifactKind::kNotificationList, name)});
  const auto settings = artifact<SmtpSettings>(ArtifactKind::kSmtpSettings, list->smtp);
  if (!settings) return answer<Outcome>(done, Postponed{absent(ArtifactKind::kSmtpSettings, list->smtp)});
  transfer(mail_transfer(*settings, *list, mail, message), std::move(done), &mail_outcome);
}

void Targets::transfer(Result<Transfer> made, Done<Outcome> done, Outcome (*judge)(const TransferEnd&)) {
  if (!made) return answer(done, outcome_of(made.error()));
  const auto begun =
      transfers_.begin(std::move(*made), [done, judge, self = std::weak_ptr(self_)](const TransferEnd& end) {
        if (!self.expired()) done(judge(end));
      });
  if (!begun) answer(done, outcome_of(begun.error()));
}

void Targets::write(const Message& message, const DatabaseWrite& write, const std::string& name,
                    Done<Outcome> done) {
  const auto connection = artifact<DatabaseConnection>(ArtifactKind::kDatabaseConnection, name);
  if (!connection) return answer<Outcome>(done, Postponed{absent(ArtifactKind::kDatabaseConnection, name)});
  if (auto checked = check_statement(write); !checked) return answer(done, outcome_of(checked.error()));
  auto* way = lane(name, DatabaseUse::kWrite);
  auto work = [write, done, id = message.id.text(),
               now = around_.loop.clock().utc()](Result<DatabaseSession*> session) -> Task {
    auto outcome = session ? (*session)->write(write, id, now) : outcome_of(session.error());
    return [done, outcome] { done(outcome); };
  };
  if (way == nullptr || !way->enqueue(*connection, std::move(work))) {
    answer<Outcome>(done, Postponed{"too many statements wait for databases"});
  }
}

void Targets::query(const std::string& connection, DatabaseQuery query, Done<Result<Json>> done) {
  using Answer = Result<Json>;
  const auto found = artifact<DatabaseConnection>(ArtifactKind::kDatabaseConnection, connection);
  if (!found) {
    return answer<Answer>(done,
                          fail(ErrorCode::kNotFound, absent(ArtifactKind::kDatabaseConnection, connection)));
  }
  if (auto checked = check_statement(query); !checked) return answer<Answer>(done, fail(checked.error()));
  auto* way = lane(connection, DatabaseUse::kRead);
  auto work = [query = std::move(query), done](Result<DatabaseSession*> session) -> Task {
    auto rows = std::make_shared<Answer>(session ? (*session)->query(query)
                                                 : Answer(fail(std::move(session.error()))));
    return [done, rows] { done(std::move(*rows)); };
  };
  if (way == nullptr || !way->enqueue(*found, std::move(work))) {
    answer<Answer>(done, fail(ErrorCode::kExhausted, "too many statements wait for databases"));
  }
}

void Targets::call(const std::string& system, HttpRequest request, Done<Result<HttpAnswer>> done) {
  using Answer = Result<HttpAnswer>;
  const auto found = artifact<ExternalSystem>(ArtifactKind::kExternalSystem, system);
  if (!found) {
    return answer<Answer>(done, fail(ErrorCode::kNotFound, absent(ArtifactKind::kExternalSystem, system)));
  }
  auto made = http_transfer(*found, request, {});
  if (!made) return answer<Answer>(done, fail(std::move(made.error())));
  const auto begun = transfers_.begin(std::move(*made), [done, self = std::weak_ptr(self_)](TransferEnd end) {
    if (!self.expired()) done(http_answer(std::move(end)));
  });
  if (!begun) answer<Answer>(done, fail(begun.error()));
}

DatabaseLane* Targets::lane(const std::string& name, DatabaseUse use) {
  const auto key = (use == DatabaseUse::kRead ? "read/" : "write/") + name;
  const auto known = lanes_.find(key);
  if (known != lanes_.end()) return known->second.get();
  if (lanes_.size() >= kLanes) {
    auto oldest = lanes_.end();
    for (auto lane = lanes_.begin(); lane != lanes_.end(); ++lane) {
      const bool older = oldest == lanes_.end() || lane->second->used() < oldest->second->used();
      if (lane->second->idle() && older) oldest = lane;
    }
    if (oldest == lanes_.end()) return nullptr;
    lanes_.erase(oldest);
  }
  auto& made = lanes_[key];
  made = std::make_unique<DatabaseLane>(around_.loop, use, around_.own_folder, around_.times);
  return made.get();
}

}  // namespace fieldline::targets
