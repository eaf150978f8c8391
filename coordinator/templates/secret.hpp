// A password, token or the like in a document: written as plain text, shown as {set: true}, and sealed
// before anyone keeps it. Written as {set: true} it stays what it is. A plain value.
#pragma once

#include <string>

#include "common/model/json.hpp"

namespace fieldline::templates {

struct Secret {
  enum class State { kAbsent, kPlain, kKept, kSealed };

  State state = State::kAbsent;
  std::string hash;  // sealed: keyed, so that it tells nothing to those who lack the key
  std::string text;  // plain, or sealed in hex

  friend bool operator==(const Secret&, const Secret&) = default;
};

Json to_json(const Secret& secret);
Result<> from_json(const Json& json, Secret& out, const std::string& pointer = "");

}  // namespace fieldline::templates
