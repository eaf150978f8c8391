// What a benchmark prints: a table for people, or with --json one object a line. A metric held
// against a limit or a peer has `ratio` in its name; higher is better.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace fieldline::bench {

class Table {
 public:
  Table(std::string bench, int argc, char** argv)
      : bench_(std::move(bench)), json_(argc > 1 && std::string_view(argv[1]) == "--json") {
    if (!json_) fmt::print("{:<10} {:<44} {:>14} {:<8} {}\n", "bench", "metric", "value", "unit", "scale");
  }

  void add(std::string_view metric, double value, std::string_view unit, std::string_view scale) const {
    if (json_) {
      fmt::print("{{\"bench\":\"{}\",\"metric\":\"{}\",\"value\":{},\"unit\":\"{}\",\"scale\":\"{}\"}}\n",
                 bench_, metric, value, unit, scale);
    } else {
      fmt::print("{:<10} {:<44} {:>14} {:<8} {}\n", bench_, metric, readable(value), unit, scale);
    }
    std::fflush(stdout);
  }

 private:
  static std::string readable(double value) {
    return value >= 1000 ? fmt::format("{:.0f}", value) : fmt::format("{:.4g}", value);
  }

  std::string bench_;
  bool json_;
};

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Microseconds that one call of `work` takes: the median of `rounds` rounds of `calls` calls.
template <class Work>
double microseconds_per_call(int rounds, int calls, const Work& work) {
  std::vector<double> samples;
  for (int round = 0; round <= rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i) work();
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    if (round > 0) samples.push_back(took.count() / calls);  // the first warms up
  }
  return median(std::move(samples));
}

}  // namespace fieldline::bench
