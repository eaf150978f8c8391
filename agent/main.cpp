// fieldline-agent: one node of a site.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string_view>

#include "agent/agent.hpp"
#include "agent/runtime/thread_strands.hpp"
#include "agent/settings.hpp"
#include "agent/state_files.hpp"
#include "agent/targets/targets.hpp"
#include "common/base/file.hpp"
#include "common/base/secret_box.hpp"
#include "common/base/worker.hpp"
#include "common/net/curve_dealer.hpp"
#include "common/net/curve_publisher.hpp"
#include "common/net/curve_router.hpp"
#include "common/net/curve_subscriber.hpp"
#include "common/net/key_pair.hpp"
#include "common/net/loop.hpp"
#include "common/settings/text.hpp"

namespace {

using namespace fieldline;

// A configuration compiles in milliseconds; this many wait when a whole site is deployed at once.
constexpr std::size_t kCompilerQueue = 1024;
// How long a stop waits for the other node to take over, instances to end and their state to reach the disk.
constexpr Duration kStopLimit = std::chrono::seconds(15);

// `what` is the file of its owner that has to be copied to `path`.
Result<std::string> read_public_key(const std::filesystem::path& path, std::string_view what) {
  std::ifstream file(path);
  std::string key;
  if (!(file >> key))
    return fail(ErrorCode::kIo, fmt::format("this public key can't be read; copy {} there", what), path);
  if (!net::is_key(key)) return fail(ErrorCode::kInvalid, "it holds no public key of 40 characters", path);
  return key;
}

std::string address(const settings::Endpoint& endpoint) {
  return "tcp://" + settings::Text<settings::Endpoint>::print(endpoint);
}

// This node's ends of the lines between the nodes of a pair.
struct PeerLine {
  explicit PeerLine(net::Loop& loop) : zap(loop), admission(loop.clock()) {}

  net::Zap zap;
  net::Admission admission;
  std::unique_ptr<net::CurveRouter> router;
  std::unique_ptr<net::CurveDealer> dealer;
  std::unique_ptr<net::CurvePublisher> publisher;
  std::unique_ptr<net::CurveSubscriber> subscriber;
  std::string key;
};

// Null where the settings name no peer.
Result<std::unique_ptr<PeerLine>> open_peer_line(net::Loop& loop, const net::KeyPair& keys,
                                                 const agent::Settings& settings) {
  if (settings.pair.peer.empty()) return nullptr;
  auto key = read_public_key(settings.peer_key, "node.pub of the peer");
  if (!key) return fail(key.error());
  if (*key == keys.public_key())
    return fail(ErrorCode::kInvalid, "it holds this node's own key, not the peer's", settings.peer_key);
  auto line = std::make_unique<PeerLine>(loop);
  line->key = *key;
  line->admission.allow(*key);
  auto router = net::CurveRouter::bind(loop, line->zap, line->admission, keys,
                                       {.endpoint = address(settings.peer_listen), .domain = "peer"});
  if (!router) return fail(router.error());
  line->router = std::move(*router);
  if (auto proven = line->router->prove_refusal(); !proven) return fail(proven.error());
  line->dealer = std::make_unique<net::CurveDealer>(
      loop, keys, net::CurveDealer::Options{address(*settings.peer_endpoint), *key});
  auto publisher =
      net::CurvePublisher::bind(loop, line->zap, line->admission, keys,
                                {.endpoint = address(agent::stream_listen(settings)), .domain = "stream"});
  if (!publisher) return fail(publisher.error());
  line->publisher = std::move(*publisher);
  if (auto proven = line->publisher->prove_refusal(); !proven) return fail(proven.error());
  line->subscriber = std::make_unique<net::CurveSubscriber>(
      loop, keys, net::CurveSubscriber::Options{address(agent::stream_endpoint(settings)), *key});
  return line;
}

std::optional<agent::Agent::PeerLine> ends_of(const std::unique_ptr<PeerLine>& line) {
  if (line == nullptr) return std::nullopt;
  return agent::Agent::PeerLine{*line->dealer, *line->router, *line->publisher, *line->subscriber, line->key};
}

Result<> run(const agent::Settings& settings) {
  if (auto made = make_private_directory(settings.state); !made) return made;
  auto keys = net::KeyPair::load_or_create(settings.state / "curve.key");
  if (!keys) return fail(keys.error());
  auto secrets = SecretBox::load_or_create(settings.state / "secrets.key");
  if (!secrets) return fail(secrets.error());
  auto published = write_file(settings.state / "node.pub", keys->public_key() + "\n", FileMode::kPublic,
                              Existing::kReplace);
  if (!published) return published;
  auto server_key = read_public_key(settings.coordinator_key, "coordinator.pub");
  if (!server_key) return fail(server_key.error());

  net::Loop loop;
  loop.stop_on_signals();
  const auto files = agent::open_state_files(settings.state, loop.clock().utc());
  if (!files) return fail(files.error());

  spdlog::info("node {}/{}, role {}, key {}", settings.site, settings.node,
               settings::Text<pair::Control>::print(settings.role), net::fingerprint(keys->public_key()));
  const auto peer = open_peer_line(loop, *keys, settings);
  if (!peer) return fail(peer.error());
  net::CurveDealer dealer(loop, std::move(*keys), {address(settings.coordinator), *server_key});
  runtime::ThreadStrands strands(static_cast<std::size_t>(settings.threads));
  ThreadWorker compiler("compiler", 1, kCompilerQueue);
  const auto courier = [&](targets::Resolve resolve) -> std::unique_ptr<targets::Courier> {
    return std::make_unique<targets::Targets>(
        targets::Targets::Surroundings{loop, std::move(resolve), settings.state});
  };
  auto node = agent::Agent::build(
      {loop, dealer, *files->configurations, *files->events, *files->journal, *secrets, strands, compiler,
       Random::from_system(), courier, *files->votes, ends_of(*peer), files->set_aside},
      settings);
  if (!node) return fail(node.error());

  bool broken = false;
  bool stopping = false;
  (*node)->on_broken([&] {
    broken = true;
    if (!stopping) loop.stop();
  });
  loop.post([&] { (*node)->start(); });
  loop.run();

  spdlog::info("stopping");
  stopping = true;
  loop.resume();
  bool stopped = false;
  loop.post([&] { (*node)->stop([&] { stopped = true; }); });
  if (!loop.run_until([&] { return stopped; }, kStopLimit)) spdlog::warn("ends before all has stopped");
  compiler.finish();
  strands.join();
  if (!broken) return {};
  return fail(ErrorCode::kCorrupt, "start this node again: it then takes the journal from the other one",
              settings.state / "journal.db");
}

}  // namespace

int main(int argc, char** argv) {
  const auto settings = agent::settings_table().load(argc, argv);
  if (!settings) return settings.error();
  spdlog::set_level(spdlog::level::from_str(settings::Text<settings::LogLevel>::print(settings->log_level)));
  if (const auto ran = run(*settings); !ran) {
    spdlog::critical("{}", ran.error().describe());
    return 1;
  }
  return 0;
}
