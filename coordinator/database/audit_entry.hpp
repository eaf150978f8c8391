// One entry of the audit log, as its row holds it. A plain value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/time.hpp"

namespace fieldline::database {

struct AuditEntry {
  std::int64_t sequence = 0;  // 1, 2, 3 … without a gap
  Timestamp time{};
  std::string who;       // the principal's name; of the end of an operation, who asked for it
  std::string kind;      // of the principal: "token", "anonymous"; "coordinator": what it did by itself
  std::string address;   // where the request came from
  std::string action;    // the route's operation id
  std::string method;    // empty: no request
  std::string path;      // decoded segments, without the query
  std::string document;  // "templates/Pump"
  std::string site;
  std::string instance;
  std::string deployment;      // the id of the operation
  std::string result;          // the HTTP status; of an operation "success" or "failed"
  std::string details = "{}";  // one JSON object
  std::string mac;             // hex; chains this entry to the one before
  std::int64_t intent = 0;     // not of its row: what was to be done, and is now settled; 0: nothing

  friend bool operator==(const AuditEntry&, const AuditEntry&) = default;
};

// A place in the log, which is listed by time and then by sequence. Nothing that is added moves it.
struct AuditPlace {
  Timestamp time{};
  std::int64_t sequence = 0;
};

// Empty: whatever.
struct AuditQuery {
  std::optional<Timestamp> from;
  std::optional<Timestamp> to;  // exclusive
  std::string who;
  std::string action;
  std::string instance;
  std::string site;
  std::string result;
  std::optional<AuditPlace> before;
  std::int64_t limit = 0;
};

}  // namespace fieldline::database
