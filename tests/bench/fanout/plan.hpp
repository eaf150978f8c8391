// What a run of the fan-out benchmark consists of. The sites live in a process of their own, forked
// before the first thread, in both worlds: Fieldline's and bare ZeroMQ's.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "common/net/key_pair.hpp"

namespace fieldline::bench {

struct Plan {
  std::size_t sites = 0;
  bool durable = false;  // each site commits to its own SQLite, synchronous=FULL, before it answers
  std::filesystem::path folder;
  net::KeyPair server;
  std::vector<net::KeyPair> keys;  // one a site
  std::string config;              // what each site is sent
};

// What a world measures; times in milliseconds.
struct Figures {
  double reconnect_ms = 0;        // all sites dial at once, until all can be sent to
  double fanout_ms = 0;           // one configuration to every site, until all have answered; median
  double round_trip_us = 0;       // one command to one site and its answer; median
  double kib_per_connection = 0;  // resident memory that the connections added at the centre
};

// The centre tells the sites' process what to do, a byte each.
inline constexpr char kDial = 'd';  // every site drops its connection and dials
inline constexpr char kEnd = 'e';

inline constexpr int kRounds = 7;
inline constexpr int kRoundTrips = 400;

// Some of the sites: a process has no more descriptors than for kSitesPerProcess of them.
struct Share {
  std::size_t first = 0;
  std::size_t count = 0;
};
inline constexpr std::size_t kSitesPerProcess = 2500;

// The sites of each world, until kEnd comes from `commands`. The endpoint comes first, a line.
void run_sites(const Plan& plan, Share share, int commands);
void run_bare_sites(const Plan& plan, Share share, int commands);

// The centre of each world; the processes of its sites read from `commands`.
Figures measure_centre(const Plan& plan, const std::vector<int>& commands);
Figures measure_bare_centre(const Plan& plan, const std::vector<int>& commands);

}  // namespace fieldline::bench
