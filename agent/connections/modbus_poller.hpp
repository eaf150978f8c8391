// The life of one Modbus connection: dial, poll, write, lose the link, back off, dial again. Runs on
// the connection's own thread and blocks there, never longer than the connection's timeout at once.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/connections/connection.hpp"
#include "agent/connections/link_state.hpp"
#include "agent/connections/modbus_link.hpp"
#include "agent/connections/modbus_plan.hpp"
#include "agent/connections/switchboard.hpp"
#include "common/base/random.hpp"
#include "common/base/time.hpp"

namespace fieldline::connections {

class ModbusPoller {
 public:
  ModbusPoller(Duration poll, ModbusLink& link, Switchboard& board, LinkState& state, const Clock& clock,
               Random random, MayWrite may_write);

  // Until the switchboard closes.
  void run();

 private:
  struct BoundPoint {
    Feed* feed;  // kept alive by subscribers_
    ModbusPoint point;
  };

  void adopt(Subscribers subscribers);
  void make_plan();
  void serve_writes();
  void cycle();
  // Sends the writes that wait, then a usable link; false ends the cycle.
  bool ready();
  // False when the link was lost, or no answer was Modbus.
  bool read_all();
  // One request, or the first half of one that the device refused whole; `at` moves on.
  Exchange<> read_next(std::size_t& at);
  bool split_request(std::size_t at);
  void deliver(const ReadRequest& request, std::span<const std::uint16_t> words);
  void mark(const ReadRequest& request, Quality quality);
  void mark_all(Quality quality);
  void go_down(const Error& error, Quality quality);
  void refresh(Instant now);
  void flush();

  const Duration poll_;
  ModbusLink& link_;
  Switchboard& board_;
  LinkState& state_;
  const Clock& clock_;
  Random random_;
  const MayWrite may_write_;

  Subscribers subscribers_;
  std::vector<BoundPoint> bound_;  // a planned point's tag is its index here
  std::vector<ReadRequest> plan_;
  bool plan_is_split_ = false;
  Instant plan_made_{};

  Instant due_{};  // of the next cycle
  Instant refreshed_{};
  unsigned failures_ = 0;     // in a row, without an answer in between
  bool backing_off_ = false;  // the next cycle dials again; until then the two below say why not
  Error down_error_;
  Quality down_quality_ = Quality::kBadCommunicationError;
};

}  // namespace fieldline::connections
