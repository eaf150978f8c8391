#include <nats/nats.h>

#include "common/base/check.hpp"
#include "tests/bench/peers/peers.hpp"
#include "tests/bench/peers/server.hpp"
#include "tests/bench/stopwatch.hpp"

namespace fieldline::bench {

double nats_accepts(const std::filesystem::path& folder, const Load& load) {
  const int port = free_port();
  const Server server(folder,
                      {"nats-server", "--addr", "127.0.0.1", "--port", std::to_string(port), "--jetstream",
                       "--store_dir", folder.string()},
                      {}, [&] { return listens(port); });
  natsConnection* connection = nullptr;
  FIELDLINE_CHECK(
      natsConnection_ConnectTo(&connection, ("nats://127.0.0.1:" + std::to_string(port)).c_str()) == NATS_OK);
  jsOptions options;
  jsOptions_Init(&options);
  options.PublishAsync.MaxPending = static_cast<std::int64_t>(load.in_flight);
  jsCtx* stream = nullptr;
  FIELDLINE_CHECK(natsConnection_JetStream(&stream, connection, &options) == NATS_OK);
  jsStreamConfig config;
  jsStreamConfig_Init(&config);
  const char* subjects[] = {"erp"};
  config.Name = "ERP";
  config.Subjects = subjects;
  config.SubjectsLen = 1;
  config.Storage = js_FileStorage;
  FIELDLINE_CHECK(js_AddStream(nullptr, stream, &config, nullptr, nullptr) == NATS_OK);
  const std::string body(load.bytes, 'm');
  const Stopwatch watch;
  for (std::size_t i = 0; i < load.count; ++i) {
    FIELDLINE_CHECK(js_PublishAsync(stream, "erp", body.data(), static_cast<int>(body.size()), nullptr) ==
                    NATS_OK);
  }
  FIELDLINE_CHECK(js_PublishAsyncComplete(stream, nullptr) == NATS_OK);
  const auto took = watch.milliseconds();
  jsCtx_Destroy(stream);
  natsConnection_Destroy(connection);
  return static_cast<double>(load.count) / took * 1000;
}

}  // namespace fieldline::bench
