// The artifacts that a node holds, all of them in memory, and on disk with those that hold secrets
// encrypted. One set takes the place of another in one durable step, or not at all. Refuses more than a
// node can hold. Lives on the agent's loop: every call and answer is there.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/store/configuration_store.hpp"
#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/base/secret_box.hpp"
#include "common/model/artifact.hpp"
#include "common/sql/database.hpp"

namespace fieldline::store {

struct HeldArtifact {
  Revision revision;
  std::shared_ptr<const std::string> bytes;  // as received
  std::shared_ptr<const Artifact> artifact;
};
using HeldArtifacts = std::map<std::string, HeldArtifact>;  // by key

ArtifactInventory inventory_of(const HeldArtifacts& held);
// The sources of the shared scripts among them, by name.
std::map<std::string, std::shared_ptr<const std::string>> shared_sources(const HeldArtifacts& held);

class ArtifactStore {
 public:
  using Done = std::function<void(Result<>)>;

  // Reads what is held; waits for the disk. What does not open under the key of `secrets`, or no longer
  // has its revision, is not held. All outlive the store; `configurations` is in the same database and
  // keeps the reports.
  static Result<std::unique_ptr<ArtifactStore>> open(sql::Database& database,
                                                     ConfigurationStore& configurations,
                                                     const SecretBox& secrets);
  ArtifactStore(const ArtifactStore&) = delete;
  ArtifactStore& operator=(const ArtifactStore&) = delete;

  [[nodiscard]] const HeldArtifacts& held() const { return held_; }
  [[nodiscard]] bool holds(const std::string& key) const { return held_.contains(key); }
  [[nodiscard]] ArtifactInventory inventory() const { return inventory_of(held_); }
  // Keys of what was on disk at the start and could not be opened.
  [[nodiscard]] const std::vector<std::string>& unreadable() const { return unreadable_; }

  // `next` takes the place of all that is held and ends `order`. kExhausted: more than a node holds.
  void replace(const Order& order, const Report& report, HeldArtifacts next, Done done);

 private:
  ArtifactStore(ConfigurationStore& configurations, const SecretBox& secrets)
      : configurations_(configurations), secrets_(secrets), self_(std::make_shared<ArtifactStore*>(this)) {}

  ConfigurationStore& configurations_;
  const SecretBox& secrets_;
  HeldArtifacts held_;
  std::vector<std::string> unreadable_;
  const std::shared_ptr<ArtifactStore*> self_;  // late answers to a store that is gone find it empty
};

}  // namespace fieldline::store
