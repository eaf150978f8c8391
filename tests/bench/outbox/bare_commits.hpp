// The limit that accepted messages are held against: one thread that commits what waits, by SQLite's own
// API, into a table with nothing but the bytes.
#pragma once

#include <cstddef>
#include <filesystem>

namespace fieldline::bench {

// Rows a second, `in_flight` of them asked for and not answered at any time. Each is answered after its
// commit, to the thread that asked.
double bare_commits(const std::filesystem::path& file, std::size_t count, std::size_t in_flight,
                    std::size_t size);

}  // namespace fieldline::bench
