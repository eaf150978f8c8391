#include "tests/powerloss/trial.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "common/sql/inline_database.hpp"

namespace fieldline::powerloss {
namespace {

using namespace std::chrono_literals;

constexpr const char* kFile = "trial.db";
// Calls until a cut: a start makes about 40 the first time and 10 later, a commit about 10.
constexpr std::uint64_t kEarly = 60;
constexpr std::uint64_t kLate = 600;
// Turns without a cut after which it will not come: each makes a call or more, nearly always.
constexpr int kTurns = 10'000;
// Pages in the write-ahead log after which it is checkpointed: few, so that many cuts strike a checkpoint.
constexpr int kCheckpoint = 24;

class Trial {
 public:
  Trial(Keeper& keeper, const Conditions& conditions)
      : keeper_(keeper), conditions_(conditions), random_(conditions.seed), disk_(random_.below(~0ULL)) {}

  Verdict run() {
    const auto level = spdlog::get_level();
    spdlog::set_level(spdlog::level::off);  // stores complain as loudly as they should
    for (int cut = 0; cut <= conditions_.cuts && !verdict_.fault; ++cut) live(cut < conditions_.cuts);
    spdlog::set_level(level);
    return std::move(verdict_);
  }

 private:
  // From one power-on to the next cut, or with the last one to the end.
  void live(bool to_be_cut) {
    if (to_be_cut) disk_.cut_at(1 + random_.below(random_.below(3) == 0 ? kEarly : kLate));
    auto loop = time_.executor();
    auto database =
        sql::open_inline({folder_.connection(kFile), "trial", keeper_.migrations()}, time_.executor(), 1ms);
    if (database) {
      Life life{**database, *loop, time_, random_, disk_, [this](auto what) { lost(std::move(what)); }};
      live_on(life, to_be_cut);
      keeper_.close();
    } else if (!disk_.dark()) {
      blame(FaultKind::kDamaged, "does not open: " + database.error().message);
    }
    if (database) database->reset();
    loop.reset();
    if (!disk_.dark()) return;
    const auto& strike = *disk_.strike();
    const auto ending = strike.name.rfind(kFile);
    if (ending != std::string::npos)
      ++verdict_.strikes[{strike.name.substr(ending + std::string_view(kFile).size()), strike.call}];
    disk_.power_on();
    ++verdict_.cuts;
  }

  void live_on(Life& life, bool to_be_cut) {
    if (auto sound = examine(life.database); !sound) {
      if (!disk_.dark()) blame(FaultKind::kDamaged, sound.error().message);
    } else if (auto opened = keeper_.open(life); !opened) {
      if (!disk_.dark()) lost(opened.error().message);
    } else if (to_be_cut) {
      work_until_dark(life);
    }
  }

  // Also sets how the connection syncs, which can't be done in a transaction.
  Result<> examine(sql::Database& database) const {
    return database.read_now([this](soci::session& sql) -> Result<> {
      if (conditions_.synchronous != nullptr) {
        sql << "ROLLBACK";
        sql << fmt::format("PRAGMA synchronous={}", conditions_.synchronous);
      }
      int pages = 0;
      sql << fmt::format("PRAGMA wal_autocheckpoint={}", kCheckpoint), soci::into(pages);
      std::string verdict;
      sql << "PRAGMA integrity_check", soci::into(verdict);
      if (verdict == "ok") return {};
      return fail(ErrorCode::kCorrupt, "the integrity check says: " + verdict);
    });
  }

  void work_until_dark(Life& life) {
    for (int turn = 0; !disk_.dark() && !verdict_.fault; ++turn) {
      if (turn == kTurns) return lost("the cut never came");
      life.loop.post([this] {
        if (!disk_.dark()) keeper_.act();
      });
      // Often the next act comes before this one is answered.
      time_.run_for(random_.below(4) * 500us);
    }
    time_.run_for(10ms);
  }

  void lost(std::string what) { blame(FaultKind::kLost, std::move(what)); }
  void blame(FaultKind kind, const std::string& what) {
    if (!verdict_.fault)
      verdict_.fault = Fault{
          kind, fmt::format("FIELDLINE_SEED={}, after {} cuts: {}", conditions_.seed, verdict_.cuts, what)};
  }

  Keeper& keeper_;
  const Conditions conditions_;
  Random random_;
  sql::ScratchFolder folder_;  // of the empty files that are made before SQLite opens them
  Disk disk_;
  Vfs vfs_{disk_};
  VirtualTime time_;
  Verdict verdict_;
};

}  // namespace

Verdict try_cuts(Keeper& keeper, const Conditions& conditions) {
  return Trial(keeper, conditions).run();
}

}  // namespace fieldline::powerloss
