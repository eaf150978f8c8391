#include "agent/state_files.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <span>
#include <string_view>
#include <utility>

#include "agent/events/schema.hpp"
#include "agent/journal/journal.hpp"
#include "agent/journal/schema.hpp"
#include "agent/pair/schema.hpp"
#include "agent/store/schema.hpp"
#include "common/sql/log_file.hpp"
#include "common/sql/threaded_database.hpp"
#include "common/sql/whole_file.hpp"

namespace fieldline::agent {
namespace {

using namespace std::string_view_literals;

constexpr auto kJournal = "journal.db"sv;

struct File {
  const char* name;
  const char* of;
  std::span<const sql::Migration> migrations;
  std::unique_ptr<sql::Database> StateFiles::*into;
};

Result<> make_room(const std::filesystem::path& file, Timestamp now, std::vector<std::string>& set_aside) {
  const auto whole = sql::check_whole(file);
  if (whole || whole.error().code != ErrorCode::kCorrupt) return whole;
  const auto aside = sql::set_aside(file, now);
  if (!aside) return fail(aside.error());
  set_aside.push_back(fmt::format("{} was damaged and is now {}; the node begins with an empty one ({})",
                                  file.filename().string(), aside->filename().string(),
                                  whole.error().message));
  spdlog::error("{}", set_aside.back());
  return {};
}

// Whether it lost what was written last; the rest of it is used. Before anyone opens it.
Result<bool> lost_some(const std::filesystem::path& file, Timestamp now,
                       std::vector<std::string>& set_aside) {
  const auto whole = sql::check_log(file);
  if (whole) return false;
  if (whole.error().code != ErrorCode::kCorrupt) return fail(whole.error());
  const auto kept = sql::copy_log_aside(file, now);
  set_aside.push_back(fmt::format("the log of {} was damaged{}; what was written there last is lost",
                                  file.filename().string(),
                                  kept ? " and is now " + kept->filename().string() : ""));
  spdlog::error("{}", set_aside.back());
  return true;
}

// What stands behind a damage in its log would be taken for known by the peer. Before the log is folded in:
// then nothing shows that it was damaged.
Result<> begin_anew(const std::filesystem::path& file, Timestamp now) {
  auto journal = sql::open_threaded({"sqlite:" + file.string(), "journal", journal::migrations()});
  Result<> begun;
  if (journal) {
    begun = journal::Journal::begin_anew(**journal, now);
  } else {
    begun = fail(journal.error());
  }
  if (!begun && begun.error().code == ErrorCode::kCorrupt) return {};  // it is set aside whole
  return begun;
}

// A node that forgot its vote could give another one in the same epoch.
Result<> check_votes(const std::filesystem::path& file) {
  auto whole = sql::check_log(file);
  if (whole) whole = sql::check_whole(file);
  if (whole || whole.error().code != ErrorCode::kCorrupt) return whole;
  return fail(ErrorCode::kCorrupt,
              fmt::format("{}. This node does not start, because it may have voted: see that the other node "
                          "runs and is connected to the coordinator, then move the file away and start again",
                          whole.error().message),
              file.string());
}

}  // namespace

Result<StateFiles> open_state_files(const std::filesystem::path& state, Timestamp now) {
  StateFiles files;
  if (auto whole = check_votes(state / "votes.db"); !whole) return fail(whole.error());
  for (const std::string_view name : {"configurations.db"sv, "events.db"sv, kJournal}) {
    const auto lost = lost_some(state / name, now, files.set_aside);
    if (!lost) return fail(lost.error());
    if (*lost && name == kJournal) {
      if (auto begun = begin_anew(state / name, now); !begun) return fail(begun.error());
    }
    if (auto room = make_room(state / name, now, files.set_aside); !room) return fail(room.error());
  }
  for (const auto& [name, of, migrations, into] :
       {File{"configurations.db", "store", store::migrations(), &StateFiles::configurations},
        File{"events.db", "events", events::migrations(), &StateFiles::events},
        File{kJournal.data(), "journal", journal::migrations(), &StateFiles::journal},
        File{"votes.db", "votes", pair::migrations(), &StateFiles::votes}}) {
    auto opened = sql::open_threaded({"sqlite:" + (state / name).string(), of, migrations});
    if (!opened) return fail(std::move(opened.error()));
    files.*into = std::move(*opened);
  }
  return files;
}

}  // namespace fieldline::agent
