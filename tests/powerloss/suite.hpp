// The suite that every keeper has to pass, over many seeds: derive from Keeper, and
//   TEST_CASE("…") { check_cuts<MyKeeper>(250); }
#pragma once

#include <catch2/catch.hpp>
#include <concepts>
#include <cstdint>
#include <iostream>

#include "tests/powerloss/trial.hpp"
#include "tests/seeds.hpp"

namespace fieldline::powerloss {

// FIELDLINE_SEEDS and FIELDLINE_SEED say how many, or which; a fault names its seed.
template <std::derived_from<Keeper> K>
Verdict check_cuts(std::uint64_t unless_said) {
  Verdict all;
  const auto [first, last] = seeds(unless_said);
  for (auto seed = first; seed <= last && !all.fault; ++seed) {
    K keeper;
    auto verdict = try_cuts(keeper, {seed});
    all.cuts += verdict.cuts;
    for (const auto& [place, count] : verdict.strikes) all.strikes[place] += count;
    all.fault = std::move(verdict.fault);
  }
  std::cout << "seeds " << first << " to " << last << ": " << all.cuts << " cuts\n";
  INFO((all.fault ? all.fault->what : ""));
  CHECK_FALSE(all.fault);
  return all;
}

// Of how many seeds the keeper is caught when the connection syncs less than it should.
struct Bites {
  int damaged = 0;
  int lost = 0;
};
template <std::derived_from<Keeper> K>
Bites bites_of(const char* synchronous, std::uint64_t seeds) {
  Bites bites;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    K keeper;
    Conditions conditions;
    conditions.seed = seed;
    conditions.synchronous = synchronous;
    const auto verdict = try_cuts(keeper, conditions);
    if (verdict.fault) ++(verdict.fault->kind == FaultKind::kDamaged ? bites.damaged : bites.lost);
  }
  return bites;
}

}  // namespace fieldline::powerloss
