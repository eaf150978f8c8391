// A server program as a child: its output goes to a log in its folder, and it ends with this object.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace fieldline::bench {

class Server {
 public:
  // `environment` is added to ours. Fails the run when `ready` is not true within a minute.
  Server(const std::filesystem::path& folder, const std::vector<std::string>& command,
         const std::map<std::string, std::string>& environment, const std::function<bool()>& ready);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  pid_t child_;
};

// Of loopback, and not in use.
int free_port();
bool listens(int port);

}  // namespace fieldline::bench
