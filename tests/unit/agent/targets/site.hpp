// Targets on a real loop, among artifacts that a test chooses, beside the servers of peers.py.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "agent/targets/targets.hpp"
#include "common/net/loop.hpp"
#include "tests/unit/agent/targets/peers.hpp"

namespace fieldline::targets {

inline constexpr const char* kSecret = "s3cret-pass";

class Site {
 public:
  explicit Site(std::filesystem::path own_folder = "/usr") : own_folder_(std::move(own_folder)) { open(); }

  void hold(ArtifactKind kind, const std::string& name, Artifact artifact) {
    artifacts[artifact_key(kind, name)] = std::make_shared<const Artifact>(std::move(artifact));
  }
  // The system "erp" at one of the peers.
  ExternalSystem system(const std::string& peer, const std::string& base = "") {
    ExternalSystem made;
    made.base_url = Peers::shared().url(peer) + base;
    made.timeout = std::chrono::seconds(5);
    return made;
  }
  void hold_system(ExternalSystem system) { hold(ArtifactKind::kExternalSystem, "erp", std::move(system)); }

  Outcome deliver(const std::string& target, MessageContent content, std::uint64_t sequence = 1) {
    Message message;
    message.accepted = Timestamp(std::chrono::seconds(1'800'000'000));
    message.content = std::move(content);
    message.id = {3, "a", sequence, "north"};
    message.target = target;
    return asked<Outcome>([&](auto done) { targets->deliver(message, done); });
  }
  Outcome post(const std::string& path) {
    return deliver("external-systems/erp", HttpRequest{.body = "{}", .path = path});
  }
  Result<HttpAnswer> call(HttpRequest request) {
    return asked<Result<HttpAnswer>>([&](auto done) { targets->call("erp", std::move(request), done); });
  }
  Result<Json> query(DatabaseQuery query) {
    return asked<Result<Json>>([&](auto done) { targets->query("history", std::move(query), done); });
  }

  template <class T, class Ask>
  T asked(const Ask& ask) {
    std::optional<T> answer;
    ask([&](T given) { answer = std::move(given); });
    CHECK_FALSE(answer.has_value());  // never inside the call
    REQUIRE(loop.run_until([&] { return answer.has_value(); }, std::chrono::seconds(60)));
    return std::move(*answer);
  }

  void open() {
    targets = std::make_unique<Targets>(Targets::Surroundings{
        loop,
        [this](const std::string& key) { return artifacts.contains(key) ? artifacts.at(key) : nullptr; },
        own_folder_, Peers::shared().authority(), times});
  }

  net::Loop loop;
  std::map<std::string, std::shared_ptr<const Artifact>> artifacts;
  StatementTimes times;
  std::unique_ptr<Targets> targets;

 private:
  const std::filesystem::path own_folder_;
};

inline std::string said(const Outcome& outcome) {
  struct Reader {
    std::string operator()(const Delivered& delivered) const { return "delivered: " + delivered.detail; }
    std::string operator()(const Postponed& postponed) const { return "postponed: " + postponed.reason; }
    std::string operator()(const Refused& refused) const { return "refused: " + refused.reason; }
  };
  auto text = std::visit(Reader{}, outcome);
  CHECK_THAT(text, !Catch::Contains(kSecret));
  return text;
}

}  // namespace fieldline::targets
