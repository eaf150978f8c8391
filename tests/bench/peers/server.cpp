#include "tests/bench/peers/server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>

#include "common/base/check.hpp"

namespace fieldline::bench {
namespace {

constexpr std::chrono::minutes kStartLimit{1};

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

Server::Server(const std::filesystem::path& folder, const std::vector<std::string>& command,
               const std::map<std::string, std::string>& environment, const std::function<bool()>& ready) {
  std::vector<char*> words;
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const auto log = (folder / "log").string();
  child_ = ::fork();
  FIELDLINE_CHECK(child_ >= 0);
  if (child_ == 0) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::execvp(words.front(), words.data());
    ::_exit(127);
  }
  const auto deadline = std::chrono::steady_clock::now() + kStartLimit;
  while (!ready()) {
    FIELDLINE_CHECK(std::chrono::steady_clock::now() < deadline);
    FIELDLINE_CHECK(::waitpid(child_, nullptr, WNOHANG) == 0);
    ::poll(nullptr, 0, 20);
  }
}

Server::~Server() {
  ::kill(-child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

int free_port() {
  const int taken = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  FIELDLINE_CHECK(::bind(taken, reinterpret_cast<sockaddr*>(&address), size) == 0);
  FIELDLINE_CHECK(::getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  ::close(taken);
  return ntohs(address.sin_port);
}

bool listens(int port) {
  const int line = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(port);
  const bool open = ::connect(line, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(line);
  return open;
}

}  // namespace fieldline::bench
