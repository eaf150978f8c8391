// A node's disk and loop for tests: the store is opened on it, the node restarted, all on virtual time.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "agent/store/configuration_store.hpp"
#include "agent/store/schema.hpp"
#include "common/base/virtual_time.hpp"
#include "common/sql/inline_database.hpp"
#include "tests/unit/common/sql/scratch_folder.hpp"

namespace fieldline::store {

class NodeDisk {
 public:
  NodeDisk() { start(); }
  ~NodeDisk() { kill(); }

  // What is not durable at this moment is lost.
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
    REQUIRE(time_.run_until([&] { return ran; }, std::chrono::seconds(1)));
  }

  template <class Start>
  Result<> outcome_of(Start&& begin) {
    std::optional<Result<>> outcome;
    call([&] { begin([&](Result<> result) { outcome = std::move(result); }); });
    REQUIRE(time_.run_until([&] { return outcome.has_value(); }, std::chrono::seconds(10)));
    return *outcome;
  }
  template <class T, class Start>
  Result<T> answer_of(Start&& begin) {
    std::optional<Result<T>> answer;
    call([&] { begin([&](Result<T> result) { answer = std::move(result); }); });
    REQUIRE(time_.run_until([&] { return answer.has_value(); }, std::chrono::seconds(10)));
    return *answer;
  }

  ConfigurationStore& store() { return *store_; }
  sql::Database& database() { return *database_; }

 private:
  void start() {
    loop_ = time_.executor();
    auto database = sql::open_inline({folder_.connection("store.db"), "store", migrations()},
                                     time_.executor(), std::chrono::milliseconds(2));
    REQUIRE(database);
    database_ = std::move(*database);
    auto store = ConfigurationStore::open(*database_, *loop_);
    REQUIRE(store);
    store_ = std::move(*store);
  }
  void kill() {
    store_.reset();
    database_.reset();
    loop_.reset();
  }

  sql::ScratchFolder folder_;
  VirtualTime time_;
  std::unique_ptr<Executor> loop_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<ConfigurationStore> store_;
};

}  // namespace fieldline::store
