// Each file in hostile/ is a script that tries to hold up, or bring down, what runs it. Its first
// line says how it must end: error, time, memory, or any way at all, as long as it ends.
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/common/lua/rig.hpp"

namespace fieldline::lua {
namespace {

using std::chrono::milliseconds;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Beyond the budget: the last thing between two checks, a collection, the machine's other work.
constexpr auto kMostOverrun = milliseconds(kSanitized ? 5000 : 2000);
constexpr auto kTime = milliseconds(50);
// Enough to fail of something else first on a busy machine.
constexpr auto kAmpleTime = milliseconds(kSanitized ? 10'000 : 2000);
constexpr long kMostGrowthKiB = 64 * 1024;

struct Hostile {
  std::string name;
  std::string ends;
  std::string source;
};

std::vector<Hostile> corpus() {
  constexpr std::string_view kMark = "-- ends: ";
  std::vector<Hostile> scripts;
  for (const auto& entry : std::filesystem::directory_iterator(FIELDLINE_HOSTILE_SCRIPTS)) {
    std::ifstream file(entry.path());
    std::string first;
    std::getline(file, first);
    std::ostringstream rest;
    rest << '\n' << file.rdbuf();
    REQUIRE(first.starts_with(kMark));
    scripts.push_back({entry.path().stem(), first.substr(kMark.size()), rest.str()});
  }
  std::ranges::sort(scripts, {}, &Hostile::name);
  return scripts;
}

long peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

struct Plant {
  SystemClock clock;
  std::shared_ptr<Library> library = std::make_shared<Library>();
  Program program{"Hostile", "", {{"spin", std::make_shared<const std::string>("while true do end")}}, {}};

  Plant() {
    program.budget.instructions = 1'000'000'000;
    library->immediate("answer", [](Values arguments) -> Result<Values> { return arguments; });
    library->awaiting("sleep",
                      [](const Values&) -> Result<std::variant<Values, Request>> { return Request{1}; });
  }

  Script load(const std::string& source) {
    program.source = source;
    auto script = Script::load(program, library, clock, [](std::string_view) {});
    if (!script) FAIL(script.error().describe());
    return std::move(*script);
  }
};

}  // namespace

TEST_CASE_METHOD(Plant, "no script outlasts its budget, whatever it tries") {
  const auto scripts = corpus();
  REQUIRE(scripts.size() > 90);
  auto bystander = load("count = (count or 0) + 1 return count");
  const long before = peak_kib();
  std::int64_t runs = 0;
  for (const auto& hostile : scripts) {
    INFO(hostile.name);
    program.budget.time = hostile.ends == "time" || hostile.ends == "any" ? kTime : kAmpleTime;
    auto script = load(hostile.source);
    for (int round = 0; round < 2; ++round) {
      const Instant begin = clock.now();
      const auto outcome = script.start();
      const auto took = clock.now() - begin;
      CHECK(took < program.budget.time + kMostOverrun);
      CHECK(script.memory() <= program.budget.memory);
      if (hostile.ends == "any" && std::holds_alternative<Done>(outcome)) continue;
      const auto failure = failed(outcome);
      INFO(describe(failure) << "\n" << failure.traceback << "\n" << format_duration(took));
      if (hostile.ends != "any") CHECK(name(failure.kind) == hostile.ends);
      CHECK(!failure.error.where.empty());
    }
    CHECK(done(bystander.start()) == Values{++runs});
  }
  if (!kSanitized) CHECK(peak_kib() - before < kMostGrowthKiB);
}

}  // namespace fieldline::lua
