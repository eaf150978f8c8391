// What travels: a message is a few frames of bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/net/limits.hpp"

namespace fieldline::net {

using Frames = std::vector<std::string>;

// What became of a message that was to be sent. kYes promises nothing beyond the local queue: what
// must arrive is acknowledged by the application.
enum class Sent {
  kYes,
  kFull,  // the peer does not read fast enough; the frames are untouched
  kGone,  // there is no connection to that peer any more
};

// Why a message of that many frames and bytes is not taken; empty when it is.
constexpr std::string_view over_limit(std::size_t frames, std::size_t bytes,
                                      std::size_t max_frames = kMaxFrames) {
  if (frames > max_frames) return "too many frames";
  if (bytes > kMaxMessageBytes) return "too many bytes";
  return {};
}

}  // namespace fieldline::net
