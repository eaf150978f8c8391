// A record of the other node, looked at before it is let in: whole, of a kind that is known, of this site.
// Plain values and functions.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "agent/journal/record.hpp"
#include "common/base/result.hpp"

namespace fieldline::journal {

struct Arrival {
  Record record;
  std::string target;                 // of a message
  std::int64_t shelf = 0;             // of the target
  std::vector<Settlement> settled{};  // that the record names
};

// kInvalid: none of it is taken.
Result<std::vector<Arrival>> examine(std::vector<Record> records, const std::string& site);
// The same, and there are only messages; or also what says that some have ended.
Result<std::vector<Arrival>> examine_messages(std::vector<Record> records, const std::string& site);
Result<std::vector<Arrival>> examine_tail(std::vector<Record> records, const std::string& site);

// Of a kState record: the name, and what is kept under it.
std::pair<std::string_view, std::string_view> state_in(std::string_view bytes);

}  // namespace fieldline::journal
