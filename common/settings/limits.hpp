// The bounds of the settings room.
#pragma once

#include <cstddef>

namespace fieldline::settings {

// A settings file of every setting with its comments is under 16 KiB; what is far larger is not one.
inline constexpr std::size_t kFileBytes = std::size_t{256} << 10;
// Values of one list.
inline constexpr std::size_t kListItems = 64;

}  // namespace fieldline::settings
