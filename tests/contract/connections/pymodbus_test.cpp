// The Modbus client against an implementation that shares no code with it.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <array>
#include <cstdio>
#include <string>

#include "agent/connections/connections.hpp"
#include "tests/contract/connections/inbox.hpp"
#include "tests/contract/connections/subscriber.hpp"
#include "tests/contract/connections/worlds.hpp"

using namespace fieldline;
using namespace fieldline::connections;

namespace {

// pymodbus_server.py as a child process that ends with this object, or with the test.
class PymodbusServer {
 public:
  PymodbusServer() {
    std::array<int, 2> to{};
    std::array<int, 2> from{};
    REQUIRE((pipe2(to.data(), O_CLOEXEC) == 0 && pipe2(from.data(), O_CLOEXEC) == 0));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    std::string python = "/usr/bin/python3";
    std::string script = PYMODBUS_SERVER;
    std::array<char*, 3> arguments{python.data(), script.data(), nullptr};
    const int failed = posix_spawn(&child_, python.c_str(), &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    to_ = fdopen(to[1], "w");
    from_ = fdopen(from[0], "r");
    REQUIRE(failed == 0);
    port_ = read_line();
  }

  ~PymodbusServer() {
    std::fclose(to_);
    waitpid(child_, nullptr, 0);
    std::fclose(from_);
  }

  [[nodiscard]] std::uint16_t port() const { return static_cast<std::uint16_t>(std::stoi(port_)); }

  // What stands at "TABLE NUMBER COUNT", as the server sees it.
  std::string look(const std::string& place) {
    std::fputs((place + "\n").c_str(), to_);
    std::fflush(to_);
    return read_line();
  }

 private:
  std::string read_line() {
    std::array<char, 256> line{};
    REQUIRE(std::fgets(line.data(), line.size(), from_) != nullptr);
    std::string text(line.data());
    text.pop_back();
    return text;
  }

  pid_t child_ = 0;
  FILE* to_ = nullptr;
  FILE* from_ = nullptr;
  std::string port_;
};

}  // namespace

TEST_CASE("a pymodbus server is read, written and believed about its exceptions") {
  PymodbusServer server;
  Inbox inbox;
  Connections connections(inbox, Random(1), [](const ConnectionHealth&) {});
  const auto plc = connections.open(modbus_definition(server.port(), {{"unit", "17"}})).value();
  Subscriber subscriber(*plc,
                        {{1, "input:0:int16", DataType::kInt},
                         {2, "input:2:float32", DataType::kFloat},
                         {3, "input:4:float32:low-word-first", DataType::kFloat},
                         {4, "input:6:int32", DataType::kInt},
                         {5, "input:8:uint32:low-word-first", DataType::kInt},
                         {6, "discrete:11", DataType::kBool},
                         {7, "coil:5", DataType::kBool},
                         {8, "holding:10:float32", DataType::kFloat},
                         {9, "holding:20:int16:scale=0.1", DataType::kFloat},
                         {10, "holding:100", DataType::kInt}},
                        inbox);
  REQUIRE(inbox.run_until([&] { return subscriber.shows(1, std::int64_t{-7}); }));
  CHECK(subscriber.shows(2, 21.5));
  CHECK(subscriber.shows(3, 21.5));
  CHECK(subscriber.shows(4, std::int64_t{-100000}));
  CHECK(subscriber.shows(5, std::int64_t{4000000000}));
  CHECK(subscriber.shows(6, true));
  CHECK(subscriber.quality(10) == Quality::kBadConfigurationError);

  const auto write = [&](PointId point, const Value& value) {
    subscriber.write(point, value);
    return inbox.run_until([&] { return subscriber.answer().has_value(); }) &&
           subscriber.answer()->has_value();
  };
  CHECK(write(7, true));
  CHECK(write(8, 12.5));
  CHECK(write(9, -3.5));
  CHECK(server.look("coil 4 3") == "0 1 0");
  CHECK(server.look("holding 10 2") == "16712 0");
  CHECK(server.look("holding 20 1") == "65501");
  CHECK(inbox.run_until([&] { return subscriber.shows(7, true) && subscriber.shows(8, 12.5); }));
}

TEST_CASE("a unit that a pymodbus server does not have is a lost link") {
  PymodbusServer server;
  Inbox inbox;
  Connections connections(inbox, Random(1), [](const ConnectionHealth&) {});
  const auto plc =
      connections.open(modbus_definition(server.port(), {{"timeout", "300ms"}, {"unit", "18"}})).value();
  Subscriber subscriber(*plc, {{1, "holding:0"}}, inbox);
  CHECK(inbox.run_until([&] { return subscriber.quality(1) == Quality::kBadCommunicationError; }));
}
