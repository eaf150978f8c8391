// A whole coordinator behind its HTTP port, on a loop of its own, with nobody at its other end. Holds
// every answer against the OpenAPI document. For tests.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/net/admission.hpp"
#include "common/net/loop.hpp"
#include "common/sql/database.hpp"
#include "coordinator/coordinator.hpp"
#include "tests/unit/coordinator/api/openapi_schema.hpp"
#include "tests/unit/coordinator/api/wire_client.hpp"

namespace fieldline::api::test {

class Centre {
 public:
  // `prepare` may fill the database before the coordinator reads it. `database`: its sql::Address; empty:
  // a file in the folder.
  explicit Centre(const std::function<void(sql::Database&, Executor&)>& prepare = {},
                  const std::string& database = {});
  ~Centre();
  Centre(const Centre&) = delete;
  Centre& operator=(const Centre&) = delete;

  // One request with the administrator's token on a connection of its own; a body is sent as JSON
  // unless `fields` say otherwise. What the document does not describe fails the test.
  Answer call(const std::string& method, const std::string& target, const std::string& body = "",
              const std::string& fields = "");
  Json get(const std::string& target);
  // Stores a document at its path, whatever is there, and returns its ETag.
  std::string put(const std::string& target, const Json& document);
  // The example of that name in the OpenAPI document.
  [[nodiscard]] const Json& example(const std::string& name) const;
  // Stores the examples of site, connection, template and instance.
  void put_examples();

  void on_loop(std::function<void()> task);
  // A test fails when this leaves a file with such a secret, as it does of the first token and of keys.
  void plant(std::string secret) { planted_.push_back(std::move(secret)); }

  [[nodiscard]] std::uint16_t port() const { return coordinator_->port(); }
  [[nodiscard]] const std::string& token() const { return token_; }
  [[nodiscard]] const OpenApi& openapi() const { return openapi_; }
  [[nodiscard]] coordinator::Coordinator& coordinator() { return *coordinator_; }
  [[nodiscard]] net::Loop& loop() { return loop_; }
  [[nodiscard]] Worker& worker() { return clerk_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] const std::string& database() const { return address_; }

 private:
  void search_for_leaks() const;

  const std::filesystem::path folder_;
  const std::string address_;
  const SecretBox box_ = SecretBox::generate();
  net::Loop loop_;
  ThreadWorker author_;
  ThreadWorker engine_;
  ThreadWorker clerk_;
  net::Admission admission_;
  std::unique_ptr<net::Router> router_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<coordinator::Coordinator> coordinator_;
  OpenApi openapi_;
  std::string token_;
  std::vector<std::string> planted_;
  std::thread thread_;
};

}  // namespace fieldline::api::test
