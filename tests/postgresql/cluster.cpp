#include "tests/postgresql/cluster.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>

#include "common/base/check.hpp"
#include "common/sql/session.hpp"

namespace fieldline::sql {
namespace {

constexpr const char* kOwner = "fieldline";
constexpr std::chrono::seconds kStartLimit{60};

// Of the newest version that is installed.
std::filesystem::path find_programs() {
  std::filesystem::path newest;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql")) {
    const auto programs = version.path() / "bin";
    if (std::filesystem::exists(programs / "initdb")) newest = std::max(newest, programs);
  }
  FIELDLINE_CHECK(!newest.empty());
  return newest;
}

}  // namespace

Cluster& Cluster::shared() {
  static Cluster cluster;
  return cluster;
}

Cluster::Cluster() : programs_(find_programs()), user_(::geteuid()), group_(::getegid()) {
  std::string name = (std::filesystem::temp_directory_path() / "fieldline-pg-XXXXXX").string();
  folder_ = ::mkdtemp(name.data());
  if (user_ == 0) {
    const auto* postgres = ::getpwnam("postgres");
    FIELDLINE_CHECK(postgres != nullptr);
    user_ = postgres->pw_uid;
    group_ = postgres->pw_gid;
    FIELDLINE_CHECK(::chown(folder_.c_str(), user_, group_) == 0);
  }
  initialise();
  start();
}

Cluster::~Cluster() {
  crash();
  std::filesystem::remove_all(folder_);
}

std::string Cluster::new_schema() {
  const auto name = fmt::format("test_{}", ++schemas_);
  run("CREATE SCHEMA " + name);
  return address(kOwner, "postgres", "&options=-csearch_path%3D" + name);
}

std::string Cluster::address(std::string_view user, std::string_view database,
                             std::string_view options) const {
  return fmt::format("postgresql://{}@/{}?host={}{}", user, database, folder_.string(), options);
}

void Cluster::run(const std::string& statements) const {
  auto session = Session::open(address(kOwner, "postgres"));
  FIELDLINE_CHECK(session);
  FIELDLINE_CHECK(session->run(statements));
}

void Cluster::crash() {
  if (server_ == 0) return;
  ::kill(server_, SIGQUIT);
  ::waitpid(server_, nullptr, 0);
  server_ = 0;
}

void Cluster::start() {
  server_ =
      spawn({programs_ / "postgres", "-D", folder_ / "data", "-k", folder_, "-c", "listen_addresses=", "-c",
             "fsync=on", "-c", "shared_buffers=16MB", "-c", "max_connections=20"});
  wait_until_ready();
}

void Cluster::wait_until_ready() const {
  const auto deadline = std::chrono::steady_clock::now() + kStartLimit;
  const auto probe = fmt::format("host={} dbname=postgres user={}", folder_.string(), kOwner);
  while (PQping(probe.c_str()) != PQPING_OK) {
    FIELDLINE_CHECK(std::chrono::steady_clock::now() < deadline);
    ::poll(nullptr, 0, 5);
  }
}

void Cluster::initialise() {
  const auto made =
      spawn({programs_ / "initdb", "-D", folder_ / "data", "-U", kOwner, "-A", "trust", "-E", "UTF8",
             "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en", "--no-sync"});
  int status = 0;
  FIELDLINE_CHECK(::waitpid(made, &status, 0) == made && status == 0);
  std::ofstream(folder_ / "data" / "pg_hba.conf") << "local all guarded scram-sha-256\nlocal all all trust\n";
}

// Its output goes to a log in the folder; it ends when this program does, however that ends.
pid_t Cluster::spawn(const std::vector<std::string>& command) const {
  std::vector<char*> words;
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const auto log = (folder_ / "log").string();
  const pid_t child = ::fork();
  FIELDLINE_CHECK(child >= 0);
  if (child != 0) return child;
  if (::geteuid() == 0) {
    if (::setgroups(0, nullptr) != 0 || ::setgid(group_) != 0 || ::setuid(user_) != 0) ::_exit(126);
  }
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  if (::chdir("/") == 0) ::execv(words.front(), words.data());
  ::_exit(127);
}

}  // namespace fieldline::sql
