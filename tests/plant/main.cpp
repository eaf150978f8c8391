// plant: a Modbus TCP server on loopback with a pump station behind it. See README.md.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/plant/modbus_server.hpp"
#include "tests/plant/pump_station.hpp"
#include "tests/plant/register_map.hpp"

namespace {

using namespace std::chrono_literals;

constexpr double kStep = 0.05;     // s of the plant's time
constexpr auto kShowEvery = 20ms;  // of ours

volatile std::sig_atomic_t stopped = 0;

struct Options {
  std::uint16_t port = 0;
  std::string port_file;
  double speedup = 1;
  plant::Inflow inflow;
  double step_in_cubic_metres_per_hour = 150;
  double step_after = -1;
};

int parse(int argc, char** argv, Options& options) {
  CLI::App app("A pump station behind a Modbus TCP server on 127.0.0.1");
  app.add_option("--port", options.port, "TCP port; 0: a free one")->capture_default_str();
  app.add_option("--port-file", options.port_file, "File that gets the port once the server listens");
  app.add_option("--speedup", options.speedup, "Plant seconds per second")
      ->check(CLI::Range(0.1, 1000.0))
      ->capture_default_str();
  app.add_option("--inflow-step-after", options.step_after,
                 "Plant seconds after which the inflow rises; without it, it does not")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--inflow-step", options.step_in_cubic_metres_per_hour, "By how much it rises, m3/h")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (options.step_after >= 0) {
    options.inflow.step = options.step_in_cubic_metres_per_hour / 3600;
    options.inflow.step_after = options.step_after;
  }
  return 0;
}

// Whole or not at all, so that who waits for the file never reads half a number.
bool write_port_file(const std::string& path, std::uint16_t port) {
  const std::string draft = path + ".part";
  std::ofstream file(draft);
  file << port << '\n';
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(draft, path, error);
  return file && !error;
}

void run(plant::ModbusServer& server, const Options& options) {
  plant::PumpStation station(options.inflow);
  plant::write_commands({}, server);
  plant::show(station, server);
  const auto start = std::chrono::steady_clock::now();
  while (stopped == 0) {
    server.serve_for(kShowEvery);
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    const auto commands = plant::read_commands(server);
    while (station.state().time + kStep <= passed.count() * options.speedup) station.step(commands, kStep);
    plant::show(station, server);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const int code = parse(argc, argv, options); code != 0) return code;
  std::signal(SIGINT, [](int) { stopped = 1; });
  std::signal(SIGTERM, [](int) { stopped = 1; });
  auto server = plant::ModbusServer::listen(options.port, plant::kTableSizes);
  if (!server) {
    fmt::print(stderr, "plant: {}\n", server.error().describe());
    return 1;
  }
  if (!options.port_file.empty() && !write_port_file(options.port_file, (*server)->port())) {
    fmt::print(stderr, "plant: can't write {}\n", options.port_file);
    return 1;
  }
  fmt::print("listening on 127.0.0.1:{}\n", (*server)->port());
  std::fflush(stdout);
  run(**server, options);
  return 0;
}
