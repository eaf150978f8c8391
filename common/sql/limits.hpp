// The bounds of the database room, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>

namespace fieldline::sql {

// Writes that wait for the writer. At 100,000 small rows a second this is a tenth of a second of
// work; a site that is further behind than that must be told so rather than fill its memory.
inline constexpr std::size_t kWriteQueue = 8192;
// Reads that wait for the reader: each is a person or a page who will give up before the 256th is served.
inline constexpr std::size_t kReadQueue = 256;
// Writes in one transaction. Past this a commit's cost is spread thin enough, and the first write
// of the group would only wait longer for its answer.
inline constexpr std::size_t kGroup = 512;
// How long a connection waits for another process that holds the file (a backup, the sqlite3 shell).
inline constexpr std::chrono::milliseconds kBusyTimeout{5000};
// The write-ahead log is cut back to this after a checkpoint, so that one burst does not keep the disk.
inline constexpr std::size_t kWalBytes = std::size_t{16} << 20;

// How long a PostgreSQL server may take to answer a connection; the writer stands still meanwhile.
inline constexpr std::chrono::seconds kConnectTimeout{5};
// A server whose host acknowledges nothing for this long is lost.
inline constexpr std::chrono::milliseconds kServerSilence{10'000};
// An idle connection is probed this often, on both sides: in 25 s a host that went away is noticed.
inline constexpr std::chrono::seconds kKeepaliveIdle{10};
inline constexpr std::chrono::seconds kKeepaliveInterval{5};
inline constexpr int kKeepalives = 3;
// The longest that a statement may run and a transaction may lie idle at the server. Migrations may take
// longer.
inline constexpr std::chrono::milliseconds kStatementTimeout{30'000};
inline constexpr std::chrono::milliseconds kIdleTimeout{60'000};
// How long a session waits to be the only writer: its predecessor's may be about to end.
inline constexpr std::chrono::milliseconds kTenureWait{5000};
// Between two attempts to connect to a server that was lost; doubled with each one that fails.
inline constexpr std::chrono::milliseconds kReconnectLeast{200};
inline constexpr std::chrono::milliseconds kReconnectMost{5000};

}  // namespace fieldline::sql
