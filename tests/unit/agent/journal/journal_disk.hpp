// A journal on a file of its own, on virtual time; it can be killed and opened again.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/journal/journal.hpp"
#include "agent/journal/schema.hpp"
#include "common/base/virtual_time.hpp"
#include "common/sql/inline_database.hpp"
#include "tests/unit/common/sql/scratch_folder.hpp"

namespace fieldline::journal {

inline constexpr auto kErp = "external-systems/erp";

inline Message message_to(std::string target, std::string body) {
  Message message;
  message.content = HttpRequest{std::move(body), "text/plain", {}, "POST", "/in"};
  message.instance = "Pump";
  message.script = "Report";
  message.target = std::move(target);
  message.accepted = Timestamp(std::chrono::seconds(1'800'000'000));
  return message;
}

inline const std::string& body_of(const Message& message) {
  return std::get<HttpRequest>(message.content).body;
}

class JournalDisk {
 public:
  JournalDisk() { start(); }
  ~JournalDisk() { kill(); }

  // What is not durable at this moment is lost.
  void kill() {
    journal_.reset();
    database_.reset();
    loop_.reset();
  }
  void start() {
    loop_ = time.executor();
    auto database = sql::open_inline({folder_.connection("journal.db"), "journal", migrations()},
                                     time.executor(), std::chrono::milliseconds(2));
    REQUIRE(database);
    database_ = std::move(*database);
    auto journal = Journal::open(*database_, *loop_, {"north", "a"}, "stream");
    REQUIRE(journal);
    journal_ = std::move(*journal);
  }
  void restart() {
    kill();
    start();
  }

  // On the loop; waits for nothing.
  template <class Call>
  void call(Call&& what) {
    bool ran = false;
    loop_->post([&] {
      what();
      ran = true;
    });
    REQUIRE(time.run_until([&] { return ran; }, std::chrono::seconds(1)));
  }
  template <class T, class Begin>
  Result<T> answer_of(Begin&& begin) {
    std::optional<Result<T>> answer;
    call([&] { begin([&](Result<T> result) { answer = std::move(result); }); });
    REQUIRE(time.run_until([&] { return answer.has_value(); }, std::chrono::seconds(10)));
    return *answer;
  }

  Result<Accepted> accept(const Message& message) {
    return answer_of<Accepted>([&](auto done) { journal_->accept(message, done); });
  }
  Window window(const std::string& target, Place after = 0) {
    return *answer_of<Window>([&](auto done) { journal_->window(target, after, done); });
  }
  std::vector<std::string> bodies(const std::string& target) {
    std::vector<std::string> bodies;
    for (const auto& waiting : window(target).messages) bodies.push_back(body_of(waiting.message));
    return bodies;
  }
  Result<> settle(std::vector<Settlement> settlements) {
    const auto answer = answer_of<bool>([&](auto done) {
      journal_->settle(std::move(settlements), [done](const Result<>& outcome) {
        done(outcome ? Result<bool>(true) : fail(outcome.error()));
      });
    });
    return answer ? Result<>() : fail(answer.error());
  }
  Result<Place> park(Place place, const std::string& reason) {
    return answer_of<Place>([&](auto done) { journal_->park(place, reason, done); });
  }
  std::vector<ParkedMessage> parked(const std::string& target = "") {
    return answer_of<ParkedPage>([&](auto done) {
             journal_->parked({{}, "", target}, "", 100, done);
           })
        ->messages;
  }
  Place newest() {
    return *answer_of<Place>([&](auto done) { journal_->newest(done); });
  }
  Records records(Place after) {
    return *answer_of<Records>([&](auto done) { journal_->records(after, done); });
  }
  // Changes the file behind the journal's back.
  void tamper(const std::string& statement) {
    REQUIRE(database_->write_now([&](soci::session& sql) -> Result<> {
      sql << statement;
      return {};
    }));
  }

  Journal& journal() { return *journal_; }
  Executor& loop() { return *loop_; }

  VirtualTime time;

 private:
  sql::ScratchFolder folder_;
  std::unique_ptr<Executor> loop_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<Journal> journal_;
};

}  // namespace fieldline::journal
