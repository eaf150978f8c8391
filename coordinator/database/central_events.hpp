// Events that only central can know of: where what a site holds is not what central believes. Kept
// for kCentralEventAge, and at most kCentralEvents of them. Any thread; answers go to the executor named.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/model/event.hpp"
#include "common/sql/database.hpp"

namespace fieldline::database {

// As long as sites keep theirs.
inline constexpr Duration kCentralEventAge = std::chrono::hours(24 * 30);
// In the whole plant, at about 300 bytes each: 30 MB. One site with other content in every instance
// that a site may have is just told whole.
inline constexpr std::int64_t kCentralEvents = 100'000;

// The site and what is to be said of it; `id` is given by the table.
struct CentralEvent {
  std::string site;
  Event event;
};

// In a write that others share. The oldest go as new ones come.
void write_events(soci::session& sql, const std::vector<CentralEvent>& events);

class CentralEvents {
 public:
  explicit CentralEvents(sql::Database& database) : database_(database) {}

  // Newest first, up to `limit`. kInvalid: a cursor that is none.
  void page(const std::string& site, const EventQuery& query, std::function<void(Result<EventPage>)> done,
            Executor& reply_to);

 private:
  sql::Database& database_;
};

}  // namespace fieldline::database
