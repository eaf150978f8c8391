// Artifacts on their way to nodes, one order per node at a time: packs what the node lacks, sends it,
// and hears how it ends. Retries nothing. Lives on the loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/executor.hpp"
#include "common/base/random.hpp"
#include "common/base/worker.hpp"
#include "coordinator/artifacts/holdings.hpp"
#include "coordinator/artifacts/shelf.hpp"
#include "coordinator/sites/order_numbers.hpp"
#include "coordinator/sites/sites.hpp"

namespace fieldline::artifacts {

// Empty `reason`: the node holds what was sent.
struct Verdict {
  std::string reason;
  std::string message;
  std::vector<ReportedFinding> findings;
};

class Deliveries {
 public:
  struct Neighbours {
    Executor& loop;
    Worker& worker;  // packs
    sites::Sites& sites;
    Holdings& holdings;
    const SecretBox& box;
  };

  Deliveries(Neighbours neighbours, std::uint64_t term, Random random, Duration deadline)
      : with_(neighbours), numbers_(term), random_(random), deadline_(deadline) {}

  // Brings the node to `wanted`, after what it is being brought to now; what waited for that before is
  // `superseded`. `done` is never called from inside.
  void begin(const sites::NodeId& node, WantedPointer wanted, std::function<void(const Verdict&)> done);
  [[nodiscard]] bool busy(const sites::NodeId& node) const { return flights_.contains(node); }

 private:
  struct Errand {
    WantedPointer wanted;
    std::function<void(const Verdict&)> done;
  };
  struct Flight {
    std::string id;
    Errand errand;
    std::optional<Errand> next;
    Executor::TimerId deadline = 0;
  };

  // Null: it is over.
  Flight* flight(const sites::NodeId& node, const std::string& id);
  void pack(const sites::NodeId& node);
  void send(const sites::NodeId& node, const std::string& id, Result<std::string> packed);
  void hear(const sites::NodeId& node, const std::string& id, const sites::OrderNews& news);
  void take(const sites::NodeId& node, const std::string& id, const Report& report);
  void end(const sites::NodeId& node, const std::string& id, const Verdict& verdict);

  Neighbours with_;
  sites::OrderNumbers numbers_;
  Random random_;
  const Duration deadline_;
  std::map<sites::NodeId, Flight> flights_;
};

}  // namespace fieldline::artifacts
