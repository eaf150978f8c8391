// The bounds of the connections room, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "common/base/time.hpp"

namespace fieldline::connections {

// Writes that wait for one device. A device that takes 10 ms a write clears them in 2.5 s; one that
// is slower must be felt by the script that floods it.
inline constexpr std::size_t kWriteQueue = 256;
// What one request may read: Modbus Application Protocol V1.1b3, 6.1 and 6.3.
inline constexpr std::uint32_t kReadRegisters = 125;
inline constexpr std::uint32_t kReadBits = 2000;
// Addresses that nobody asked for, read along to save a request: 16 registers are 32 bytes, less
// than the headers of the request saved, and so are 128 bits.
inline constexpr std::uint32_t kRegisterGap = 16;
inline constexpr std::uint32_t kBitGap = 128;
// How long a request that the device refused stays split, before it is tried whole again.
inline constexpr Duration kSplitLifetime = std::chrono::minutes(5);
// A new subscriber is read for this soon, together with those that come meanwhile: a node that
// starts a thousand instances polls its devices a few times more, not a thousand times.
inline constexpr Duration kGather = std::chrono::milliseconds(50);
// Between two attempts to connect: full jitter up to the cap. A field device has few clients, so
// the cap is short: nobody should wait long for values after a device is back.
inline constexpr Duration kReconnectBase = std::chrono::milliseconds(500);
inline constexpr Duration kReconnectCap = std::chrono::seconds(10);
// How often unchanged points are sent again with a fresh server time.
inline constexpr Duration kRefresh = std::chrono::seconds(10);
// Cells of one simulated connection; far more than any simulation names.
inline constexpr std::size_t kMemoryCells = 100'000;

}  // namespace fieldline::connections
