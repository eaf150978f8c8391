// A node that holds something else than central believes, as it is told: to the log of central's events
// and to whoever listens. Plain functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coordinator/database/deployment_records.hpp"
#include "coordinator/deployment/deployment.hpp"
#include "coordinator/sites/node_id.hpp"

namespace fieldline::deployment {

// `deployment`: the id of the one that the node did not follow; empty: nobody knows why.
database::CentralEvent drift_event(const sites::NodeId& node, const std::string& instance,
                                   std::string message, Timestamp now, const std::string& deployment = {});

// Durably, with nobody waiting for it.
void record_drift(database::DeploymentRecords& records, std::vector<database::CentralEvent> events,
                  Executor& loop);

// What a standby missed: what it holds of an instance, against what is deployed of it. For people.
std::string missed(const sites::NodeId& standby, const std::string& instance, const Deployed* deployed,
                   const InventoryItem* held);

}  // namespace fieldline::deployment
