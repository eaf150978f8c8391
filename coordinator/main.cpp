// fieldline-coordinator: the one place from which sites are configured, deployed to and watched.
#include <spdlog/spdlog.h>

#include <iostream>
#include <string_view>
#include <vector>

#include "common/base/file.hpp"
#include "common/base/worker.hpp"
#include "common/net/curve_router.hpp"
#include "common/net/descriptors.hpp"
#include "common/net/key_pair.hpp"
#include "common/net/loop.hpp"
#include "common/settings/text.hpp"
#include "common/sql/threaded_database.hpp"
#include "coordinator/audit_command.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/database/documents.hpp"
#include "coordinator/database/migrations.hpp"
#include "coordinator/security/secret_box_file.hpp"

namespace {

using namespace fieldline;

// Tasks that wait for a worker; past that, who asks is told to come again.
constexpr std::size_t kWorkerQueue = 1024;
// Descriptors beside those of nodes: HTTP clients, databases, logs.
constexpr std::size_t kOtherDescriptors = 1024;

Result<> publish(const std::filesystem::path& path, const std::string& text) {
  return write_file(path, text + "\n", FileMode::kPublic, Existing::kReplace);
}

std::string port_of(const std::string& endpoint) {
  return endpoint.substr(endpoint.rfind(':') + 1);
}

// "tcp://0.0.0.0:7400"; port 0 is ZeroMQ's "*".
std::string bind_address(const settings::Endpoint& endpoint) {
  auto text = "tcp://" + settings::Text<settings::Endpoint>::print(endpoint);
  if (endpoint.port == 0) text.replace(text.rfind(':') + 1, std::string::npos, "*");
  return text;
}

Result<> run(const coordinator::Settings& settings) {
  if (auto made = make_private_directory(settings.state); !made) return made;
  auto keys = net::KeyPair::load_or_create(settings.state / "curve.key");
  if (!keys) return fail(keys.error());
  if (auto written = publish(settings.state / "coordinator.pub", keys->public_key()); !written)
    return written;
  const auto descriptors = static_cast<std::size_t>(settings.max_nodes) + kOtherDescriptors;
  if (auto reserved = net::reserve_descriptors(descriptors); !reserved) return reserved;

  net::Loop loop;
  loop.stop_on_signals();
  auto database =
      sql::open_threaded({coordinator::database_address(settings), "database", database::migrations()});
  if (!database) return fail(database.error());
  database::DocumentRecords documents(**database);
  const auto box = security::open_secret_box(settings.state / settings.secrets_key, documents);
  if (!box) return fail(box.error());
  net::Zap zap(loop);
  net::Admission admission(loop.clock());
  auto router = net::CurveRouter::bind(loop, zap, admission, *keys,
                                       {.endpoint = bind_address(settings.nodes), .domain = "nodes"});
  if (!router) return fail(router.error());
  if (auto proven = (*router)->prove_refusal(); !proven) return proven;

  ThreadWorker author("author", 1, kWorkerQueue);
  ThreadWorker engine("engine", 1, kWorkerQueue);
  ThreadWorker clerk("clerk", 1, kWorkerQueue);
  auto centre = coordinator::Coordinator::build(
      {loop, **router, admission, **database, author, engine, clerk, *box, Random::from_system()}, settings);
  if (!centre) return fail(centre.error());
  api::Server::Listen listen{settings.http.host, settings.http.port, {}, {}};
  if (settings.tls_key) listen.tls = {*settings.tls_certificate, *settings.tls_key};
  if (auto serving = (*centre)->serve(listen); !serving) return serving;
  if (auto written = publish(settings.state / "nodes.port", port_of((*router)->endpoint())); !written)
    return written;
  if (auto written = publish(settings.state / "http.port", std::to_string((*centre)->port())); !written)
    return written;

  spdlog::info("nodes at {}, {} at {}:{}", (*router)->endpoint(), listen.tls ? "https" : "http",
               settings.http.host, (*centre)->port());
  loop.run();
  spdlog::info("stopping");
  // What they still do may touch the rooms, which go next.
  for (auto* worker : {&author, &engine, &clerk}) worker->finish();
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<const char*> arguments(argv, argv + argc);
  const auto is = [&](std::size_t at, std::string_view word) {
    return arguments.size() > at && arguments[at] == word;
  };
  const bool verifies = is(1, "audit") && is(2, "verify");
  if (verifies) arguments.erase(arguments.begin() + 1, arguments.begin() + 3);
  const auto settings =
      coordinator::settings_table().load(static_cast<int>(arguments.size()), arguments.data());
  if (!settings) return settings.error();
  spdlog::set_level(spdlog::level::from_str(settings::Text<settings::LogLevel>::print(settings->log_level)));
  if (verifies) return coordinator::verify_audit(*settings, std::cout, std::cerr);
  if (const auto ran = run(*settings); !ran) {
    spdlog::critical("{}", ran.error().describe());
    return 1;
  }
  return 0;
}
