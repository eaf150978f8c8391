// What carrying out orders takes of the rest of the agent. All on its loop; all outlive the desk.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/runtime/compiled.hpp"
#include "agent/runtime/runtime.hpp"
#include "agent/store/artifact_store.hpp"
#include "agent/store/configuration_store.hpp"
#include "common/base/executor.hpp"
#include "common/model/event.hpp"
#include "common/model/order.hpp"
#include "common/model/session.hpp"

namespace fieldline::orders {

// The way back to the coordinator; nothing is queued for one that is away.
class Answers {
 public:
  virtual ~Answers() = default;
  virtual void accepted(const Accepted& accepted, std::uint64_t correlation) = 0;
  virtual void report(const Report& report, std::uint64_t correlation) = 0;
  virtual void fetch(const Fetch& fetch) = 0;
};

struct Surroundings {
  Executor& loop;
  store::ConfigurationStore& store;
  store::ArtifactStore& artifacts;
  runtime::Runtime& runtime;
  Answers& answers;
  std::function<void(Event)> log;
  std::string site;  // the node's own
  // Does this node's lease last? Asked right before it reports what it did as the active node.
  std::function<bool()> may_report = [] { return true; };
};

struct Current {
  Role role = Role::kStandby;  // a standby compiles and keeps, an active runs
  // By instance that is current.
  std::map<std::string, runtime::Compiled> running;       // what to go back to when a later step fails
  std::map<std::string, std::vector<std::string>> needs;  // the artifacts that each names
};

inline constexpr std::string_view kArtifactAbsent = "artifact-absent";

}  // namespace fieldline::orders
