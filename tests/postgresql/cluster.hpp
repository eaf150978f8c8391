// A real PostgreSQL server for a test program: made and started at its first use, with a socket in a
// temporary folder and no port, and gone with the program. As root it runs as the user postgres, since it
// refuses root. Its default collation is English, to show where the order of bytes is asked for. One thread.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace fieldline::sql {

class Cluster {
 public:
  // Of this program.
  static Cluster& shared();
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // The address of a new, empty schema of one database: a database of its own would cost a test 7 MB of
  // log. Those who write to one exclude those who write to another.
  [[nodiscard]] std::string new_schema();
  // An address on this server; `options` go behind the socket's: "&passfile=…".
  [[nodiscard]] std::string address(std::string_view user, std::string_view database,
                                    std::string_view options = {}) const;
  // Runs statements as the owner of everything.
  void run(const std::string& statements) const;
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

  // Ends the server as a power cut does, but for the disk: its processes are killed and nothing is tidied.
  void crash();
  // Starts it again, and waits until it has recovered.
  void start();
  void wait_until_ready() const;

 private:
  Cluster();
  void initialise();
  [[nodiscard]] pid_t spawn(const std::vector<std::string>& command) const;

  std::filesystem::path programs_;
  std::filesystem::path folder_;
  uid_t user_;
  gid_t group_;
  pid_t server_ = 0;
  int schemas_ = 0;
};

}  // namespace fieldline::sql
