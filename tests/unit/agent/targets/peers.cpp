#include "tests/unit/agent/targets/peers.hpp"

#include <fmt/format.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "common/base/check.hpp"

namespace fieldline::targets {

Peers& Peers::shared() {
  static Peers peers;
  return peers;
}

Peers::Peers() {
  auto name = (std::filesystem::temp_directory_path() / "fieldline-peers-XXXXXX").string();
  folder_ = ::mkdtemp(name.data());
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  FIELDLINE_CHECK(::pipe(in.data()) == 0 && ::pipe(out.data()) == 0);
  process_ = ::fork();
  FIELDLINE_CHECK(process_ >= 0);
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(in[0], STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    for (const int end : {in[0], in[1], out[0], out[1]}) ::close(end);
    ::execl(FIELDLINE_PYTHON, "python3", FIELDLINE_PEERS, folder_.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  input_ = in[1];
  std::string line;
  for (char c = 0; ::read(out[0], &c, 1) == 1 && c != '\n';) line += c;
  ::close(out[0]);
  ports_ = Json::parse(line, nullptr, false);
  FIELDLINE_CHECK(ports_.is_object());
}

Peers::~Peers() {
  ::close(input_);
  ::kill(process_, SIGTERM);
  ::waitpid(process_, nullptr, 0);
  std::filesystem::remove_all(folder_);
}

std::string Peers::url(const std::string& name) const {
  return fmt::format("{}://localhost:{}", name == "http" ? "http" : "https", port(name));
}

}  // namespace fieldline::targets
