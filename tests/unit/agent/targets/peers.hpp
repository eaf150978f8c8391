// The servers of peers.py, started at their first use and gone with the program. One thread.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "common/model/json.hpp"

namespace fieldline::targets {

class Peers {
 public:
  // Of this program.
  static Peers& shared();
  ~Peers();
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  // "http", "https", "other" (its certificate is another host's), "mail", "other_mail", "plain_mail",
  // "plain_database".
  [[nodiscard]] std::int64_t port(const std::string& name) const {
    return ports_.at(name).get<std::int64_t>();
  }
  [[nodiscard]] std::string url(const std::string& name) const;
  // Signed the certificates.
  [[nodiscard]] std::string authority() const { return folder_ / "ca.pem"; }

 private:
  Peers();

  std::filesystem::path folder_;
  pid_t process_ = 0;
  int input_ = -1;
  Json ports_;
};

}  // namespace fieldline::targets
