// What an active node holds against what it is believed to hold. What it holds is the truth. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "common/model/session.hpp"
#include "coordinator/deployment/deployment.hpp"
#include "coordinator/deployment/ledger.hpp"

namespace fieldline::deployment {

struct Difference {
  std::string instance;
  std::string message;  // for people
};

struct Reconciliation {
  std::vector<Deployed> follows;  // deployed from now on as it is there
  std::vector<std::string> gone;  // not deployed there any more
  std::vector<Difference> differences;
};

// `unsettled`: instances whose operation may or may not be in `held`; they stay as they are.
Reconciliation reconcile(const std::string& site, const Ledger& believed, const Inventory& held,
                         const std::set<std::string>& unsettled, Timestamp now);

}  // namespace fieldline::deployment
