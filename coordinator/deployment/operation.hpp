// The life of one operation on one instance, as a pure function. What is not drawn changes nothing.
//
//            Saved            Sent             Reported, Stopped, Overdue       Recorded
//  kSaving ────────► kQueued ──────► kRunning ──────────────────────────► kRecording ──────► kEnded
//     │                 │ Stopped    Accepted ↺                              ▲     │ success of a delete
//     │ NotSaved        └────────────────────────────────────────────────────┘     ▼         Removed
//     └──────────────────────────────► kEnded, refused                          kRemoving ───────► kEnded
//
// It may begin in kRecording, when it fails before anything is sent or has nothing to send.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/result.hpp"
#include "common/model/order.hpp"
#include "coordinator/deployment/deployment.hpp"

namespace fieldline::deployment {

enum class Phase { kSaving, kQueued, kRunning, kRecording, kRemoving, kEnded };

struct Operation {
  Phase phase = Phase::kSaving;
  Deployment row;      // as people see it
  Deployment verdict;  // kRecording: the row once it is on the disk
  Report report;       // once it has come
  bool answered = false;
};

// The row that makes the operation restart-proof is on the disk, or is not.
struct Saved {};
struct NotSaved {};
// The order left; the node has it; the node is done.
struct Sent {};
struct AcceptedByNode {};
struct Reported {
  Report report;
};
// The order can't be sent, or its node is lost.
struct Stopped {
  std::string reason;
  std::string message;
};
struct Overdue {};
// The verdict is on the disk; or is not, and why.
struct Recorded {
  Result<> outcome;
};
// The document is gone; or is not, and why.
struct Removed {
  Result<> outcome;
};
using OperationEvent =
    std::variant<Saved, NotSaved, Sent, AcceptedByNode, Reported, Stopped, Overdue, Recorded, Removed>;

enum class Act {
  kSave,      // the row, with the configuration
  kSend,      // the order
  kArm,       // the deadline
  kWithdraw,  // the order
  kCompare,   // ask the node what it holds, once the instance is released
  kRecord,    // the verdict, and what is deployed
  kRemove,    // the document
  kAnswer,    // who asked for the operation: it is under way, or over
  kRefuse,    // who asked: nothing has changed
  kPublish,   // the row
  kFinish,    // release the instance
};

struct Step {
  Operation next;
  std::vector<Act> acts;  // in order
};

Step begin(Deployment row);
Step begin_failed(Deployment row, std::string reason, std::string message, Timestamp now);
// A removal of what no site has.
Step begin_done(Deployment row, Timestamp now);

Step step(Operation operation, const OperationEvent& event, Timestamp now);

// Does a report of success say what was ordered?
bool confirms(const Report& report, const Deployment& row);

}  // namespace fieldline::deployment
