// fieldline-agent: one node of a site.
#include <spdlog/spdlog.h>

#include <filesystem>
#include <fstream>

#include "agent/agent.hpp"
#include "agent/events/schema.hpp"
#include "agent/journal/schema.hpp"
#include "agent/runtime/thread_strands.hpp"
#include "agent/settings.hpp"
#include "agent/store/schema.hpp"
#include "agent/targets/targets.hpp"
#include "common/base/file.hpp"
#include "common/base/secret_box.hpp"
#include "common/base/worker.hpp"
#include "common/net/curve_dealer.hpp"
#include "common/net/key_pair.hpp"
#include "common/net/loop.hpp"
#include "common/settings/text.hpp"
#include "common/sql/threaded_database.hpp"

namespace {

using namespace fieldline;

// A configuration compiles in milliseconds; this many wait when a whole site is deployed at once.
constexpr std::size_t kCompilerQueue = 1024;
// How long a stop waits for instances to end and their state to reach the disk.
constexpr Duration kStopLimit = std::chrono::seconds(10);

Result<std::string> read_public_key(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string key;
  if (!(file >> key))
    return fail(ErrorCode::kIo, "the coordinator's public key can't be read; copy coordinator.pub there",
                path);
  if (!net::is_key(key)) return fail(ErrorCode::kInvalid, "it holds no public key of 40 characters", path);
  return key;
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
  auto server_key = read_public_key(settings.coordinator_key);
  if (!server_key) return fail(server_key.error());

  net::Loop loop;
  loop.stop_on_signals();
  const auto database = [&](const char* file, std::string name, auto migrations) {
    return sql::open_threaded({"sqlite:" + (settings.state / file).string(), std::move(name), migrations});
  };
  auto configurations = database("configurations.db", "store", store::migrations());
  if (!configurations) return fail(configurations.error());
  auto events = database("events.db", "events", events::migrations());
  if (!events) return fail(events.error());
  auto journal = database("journal.db", "journal", journal::migrations());
  if (!journal) return fail(journal.error());

  spdlog::info("node {}/{}, {}, key {}", settings.site, settings.node, name(settings.role),
               net::fingerprint(keys->public_key()));
  const auto endpoint = "tcp://" + settings::Text<settings::Endpoint>::print(settings.coordinator);
  net::CurveDealer dealer(loop, std::move(*keys), {endpoint, *server_key});
  runtime::ThreadStrands strands(static_cast<std::size_t>(settings.threads));
  ThreadWorker compiler("compiler", 1, kCompilerQueue);
  const auto courier = [&](targets::Resolve resolve) -> std::unique_ptr<targets::Courier> {
    return std::make_unique<targets::Targets>(
        targets::Targets::Surroundings{loop, std::move(resolve), settings.state});
  };
  auto node = agent::Agent::build({loop, dealer, **configurations, **events, **journal, *secrets, strands,
                                   compiler, Random::from_system(), courier},
                                  settings);
  if (!node) return fail(node.error());

  loop.post([&] { (*node)->start(); });
  loop.run();

  spdlog::info("stopping");
  bool stopped = false;
  loop.post([&] { (*node)->stop([&] { stopped = true; }); });
  if (!loop.run_until([&] { return stopped; }, kStopLimit)) spdlog::warn("instances did not stop in time");
  compiler.finish();
  strands.join();
  return {};
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
