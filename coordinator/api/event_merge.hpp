// The event logs of a site's nodes as one, newest first, in pages whose cursor stays right while
// events arrive and are purged: it says of each node which of its pages is being read, and before which
// event. Pure; the owner fetches.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/model/event.hpp"
#include "common/model/fields.hpp"

namespace fieldline::api {

// Where the reading of one node's log stands.
struct LogPlace {
  bool ended = false;
  std::int64_t id = 0;    // of the event at `time`; 0: nothing was read yet
  std::string page;       // the node's own cursor of the page being read
  std::int64_t time = 0;  // microseconds UTC: the event there and all after it are taken, or too new
  bool unasked = false;   // given up: on this page or one before, the node could not be asked

  static constexpr auto fields =
      fields_in_order(defaulted("ended", &LogPlace::ended), defaulted("id", &LogPlace::id),
                      defaulted("page", &LogPlace::page), defaulted("time", &LogPlace::time),
                      defaulted("unasked", &LogPlace::unasked));
  friend bool operator==(const LogPlace&, const LogPlace&) = default;
};
using LogPlaces = std::map<std::string, LogPlace>;  // by node

// The text of a cursor and back; kInvalid when it is none.
std::string write_places(const LogPlaces& places);
Result<LogPlaces> read_places(std::string_view text);

class EventMerge {
 public:
  // Nodes that `places` does not have are read from their newest event.
  EventMerge(const std::vector<std::string>& nodes, const LogPlaces& places, std::size_t limit);

  struct Fetch {
    std::string node;
    std::string page;
  };
  // What must be fed before more can be merged; empty: the page is complete, or cut short because all of
  // kEventRounds were taken.
  [[nodiscard]] std::vector<Fetch> needed();
  void feed(const std::string& node, const EventPage& page);
  // The node can't be asked: its log counts as ended for this and the following pages.
  void give_up(const std::string& node);
  // On this page or one before.
  [[nodiscard]] bool was_given_up(const std::string& node) const;

  // Once nothing is needed.
  [[nodiscard]] const std::vector<Event>& events() const { return merged_; }
  // Empty: the end.
  [[nodiscard]] LogPlaces places() const;

 private:
  struct Log {
    LogPlace place;
    std::deque<Event> waiting;  // of the page, newest first
    std::string next;           // the page after
    bool fed = false;
  };

  [[nodiscard]] static bool is_over(const Log& log);
  void advance(Log& log);
  [[nodiscard]] Log* newest();

  std::map<std::string, Log> logs_;
  const std::size_t limit_;
  std::vector<Event> merged_;
  std::size_t rounds_ = 0;
};

}  // namespace fieldline::api
