// Records of the journal as they travel: heads in the body, bytes behind each other in the attachment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/journal/record.hpp"
#include "common/base/result.hpp"
#include "common/model/replication.hpp"

namespace fieldline::replica {

struct Packed {
  std::vector<RecordHead> heads;
  std::string bytes;
};

Packed pack(const std::vector<journal::Record>& records);
// kInvalid: a kind that is not known here, bytes that are not all there, places that do not rise within
// (`from`, `through`], or more than a message may have.
Result<std::vector<journal::Record>> unpack(const std::vector<RecordHead>& heads, std::string_view bytes,
                                            journal::Place from, journal::Place through);

// The same of messages and endings that are offered: their places mean nothing here.
Result<std::vector<journal::Record>> unpack_offer(const std::vector<RecordHead>& heads,
                                                  std::string_view bytes);

}  // namespace fieldline::replica
