// A coordinator and the pair of site `north` in one process, on a virtual clock, over a lossy network
// and real SQLite files; built from the same Coordinator and Agent as the daemons.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include "agent/agent.hpp"
#include "agent/runtime/strands.hpp"
#include "common/base/random.hpp"
#include "common/base/secret_box.hpp"
#include "common/base/virtual_time.hpp"
#include "common/net/admission.hpp"
#include "common/net/key_pair.hpp"
#include "common/net/lossy_network.hpp"
#include "common/sql/inline_database.hpp"
#include "coordinator/coordinator.hpp"

namespace fieldline::sim {

// A directory that goes with its owner.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class World;

// A machine that runs the coordinator or an agent. A crash loses what the disk does not have.
class Centre {
 public:
  explicit Centre(World& world) : world_(world) {}
  void start();
  void crash();
  [[nodiscard]] bool up() const { return running_ != nullptr; }
  // Runs `question` on the coordinator's loop and gives its answer.
  template <class Question>
  auto ask(Question question) {
    std::invoke_result_t<Question, coordinator::Coordinator&> answer{};
    on_loop([&](coordinator::Coordinator& coordinator) { answer = question(coordinator); });
    return answer;
  }
  void on_loop(const std::function<void(coordinator::Coordinator&)>& task);

 private:
  struct Running;
  World& world_;
  const SecretBox box_ = SecretBox::generate();
  std::shared_ptr<Running> running_;
};

class Node {
 public:
  Node(World& world, std::string name, std::string peer);
  void start();
  void crash();
  [[nodiscard]] bool up() const { return running_ != nullptr; }
  [[nodiscard]] agent::Agent& operator*() const;
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& public_key() const { return key_; }

 private:
  struct Running;
  World& world_;
  const std::string name_;
  const std::string peer_;
  const std::string key_;
  std::shared_ptr<Running> running_;
};

class World {
 public:
  // How the nodes come to their roles: a is the active one, or the three voters settle it.
  enum class Roles { kFixed, kSettled };

  explicit World(std::uint64_t seed, Roles roles = Roles::kFixed);
  ~World();

  // Everything up, the example applied, both nodes accepted and connected.
  void start();
  // Writes documents; true when they were taken.
  [[nodiscard]] bool apply(const std::string& yaml);
  void run_for(Duration span) { time.run_for(span); }
  [[nodiscard]] bool run_until(const std::function<bool()>& done, Duration limit) {
    return time.run_until(done, limit);
  }
  // At this moment.
  [[nodiscard]] bool two_may_act();
  // The one node that may; null: none.
  [[nodiscard]] Node* active();
  // What the deploy was answered with; empty when it was refused.
  std::optional<deployment::Deployment> deploy(const std::string& instance);
  std::optional<deployment::Deployment> status(const std::string& instance);
  std::optional<deployment::Deployed> deployed(const std::string& instance);
  // What central shows of the site's artifacts, and what it should hold.
  artifacts::SiteRecord artifacts();
  ArtifactInventory wanted_artifacts();

  VirtualTime time;
  Random random;
  const Roles roles;
  net::LossyNetwork network;
  Folder folder;
  SecretBox secrets = SecretBox::generate();
  Centre centre{*this};
  Node a{*this, "a", "b"};
  Node b{*this, "b", "a"};
};

// A tank with a level that a simulated connection drives; `setpoint` tells one version from another.
std::string tank_template(double setpoint);
// A shared script and an external system with a secret; `setpoint` tells one version from another.
std::string artifact_documents(double setpoint);
// Site, connection and `count` tanks.
std::string tank_site(int count);

}  // namespace fieldline::sim
