// The coordinator's database: what it deployed and how that went, its audit log, its term, its votes.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/hash.hpp"
#include "common/lease/sql_votes.hpp"
#include "coordinator/audit/log.hpp"
#include "coordinator/audit/verify.hpp"
#include "coordinator/database/deployment_records.hpp"
#include "coordinator/database/migrations.hpp"
#include "coordinator/database/term.hpp"
#include "tests/powerloss/expected.hpp"
#include "tests/powerloss/suite.hpp"

namespace fieldline::powerloss {
namespace {

using namespace std::chrono_literals;
using database::Deployed;
using database::Deployment;
using database::DeploymentState;

constexpr int kPumpsDeployed = 4;

// Common to all that is tried on the coordinator's database.
class Central : public Keeper {
 public:
  [[nodiscard]] std::span<const sql::Migration> migrations() const final { return database::migrations(); }
};

struct Known {
  std::map<std::string, Deployment> statuses;
  std::map<std::string, Deployed> deployed;

  friend bool operator==(const Known&, const Known&) = default;
};

Result<Known> read_known(database::DeploymentRecords& records) {
  auto statuses = records.statuses();
  if (!statuses) return fail(statuses.error());
  auto deployed = records.deployed();
  if (!deployed) return fail(deployed.error());
  Known known;
  for (auto& status : *statuses) known.statuses[status.instance] = status;
  for (auto& item : *deployed) known.deployed[item.instance] = item;
  return known;
}

std::string sent_bytes_of(const std::string& deployment) {
  std::string bytes;
  for (auto parts = 1 + deployment.back() % 8 * 40; parts > 0; --parts) bytes += deployment;
  return bytes;
}

class Deployments final : public Central {
 public:
  // As the coordinator starts: what was open has failed.
  Result<> open(Life& life) override {
    life_ = &life;
    records_.emplace(life.database);
    const auto found = read_known(*records_);
    if (!found) return fail(found.error());
    const auto answered = expected_.answered();
    if (!expected_.settle(*found))
      return fail(ErrorCode::kCorrupt,
                  fmt::format("answered: {} statuses, {} deployed; there are {} and {}, or others",
                              answered.statuses.size(), answered.deployed.size(), found->statuses.size(),
                              found->deployed.size()));
    if (auto sent = check_sent(); !sent) return sent;
    return fail_open();
  }

  void act() override {
    const auto instance = fmt::format("Pump{}", life_->random.below(kPumpsDeployed));
    const auto& latest = expected_.latest();
    const auto status = latest.statuses.find(instance);
    if (status != latest.statuses.end() && status->second.open()) return end(status->second);
    if (status != latest.statuses.end() && life_->random.below(6) == 0) return forget(instance);
    begin(instance);
  }

  void close() override {
    records_.reset();
    life_ = nullptr;
  }

 private:
  void save(database::DeploymentChange change, Known next) {
    expected_.ask(std::move(next));
    records_->save(
        std::move(change),
        [this](const Result<>& outcome) {
          if (life_->done(outcome)) expected_.answer();
        },
        life_->loop);
  }

  void begin(const std::string& instance) {
    Deployment status;
    status.id = fmt::format("deployment {}", ++deployments_);
    status.instance = instance;
    status.site = "north";
    status.who = "ann";
    status.started = life_->time.clock().utc();
    status.state = DeploymentState::kInProgress;
    const auto bytes = sent_bytes_of(status.id);
    status.revision = blake2b_hex(bytes);
    auto next = expected_.latest();
    next.statuses[instance] = status;
    database::DeploymentChange change;
    change.sent = database::SentConfig{bytes, instance, {}, status.revision};
    change.status = status;
    sources_[status.revision] = status.id;
    save(std::move(change), std::move(next));
  }

  // Well, and the snapshot of what is deployed goes with it; or not.
  void end(Deployment status) {
    database::DeploymentChange change;
    auto next = expected_.latest();
    status.finished = life_->time.clock().utc();
    status.state = life_->random.below(4) == 0 ? DeploymentState::kFailed : DeploymentState::kSuccess;
    if (status.state == DeploymentState::kSuccess) {
      const Deployed now{true, status.instance, status.revision, *status.finished, status.site};
      change.deployed.push_back(now);
      next.deployed[status.instance] = now;
    }
    change.status = status;
    next.statuses[status.instance] = status;
    save(std::move(change), std::move(next));
  }

  void forget(const std::string& instance) {
    database::DeploymentChange change;
    change.undeployed.push_back(instance);
    change.forgotten = instance;
    auto next = expected_.latest();
    next.statuses.erase(instance);
    next.deployed.erase(instance);
    save(std::move(change), std::move(next));
  }

  Result<> fail_open() {
    const auto now = life_->time.clock().utc();
    auto next = expected_.latest();
    for (auto& [instance, status] : next.statuses) {
      if (!status.open()) continue;
      status.state = DeploymentState::kFailed;
      status.reason = "restart";
      status.message = "the coordinator was restarted";
      status.finished = now;
    }
    expected_.ask(next);
    auto failed = records_->fail_open("restart", "the coordinator was restarted", now);
    if (failed) expected_.answer();
    return failed;
  }

  // What is deployed can be sent again, byte for byte.
  Result<> check_sent() {
    std::vector<database::ConfigKey> wanted;
    for (const auto& [instance, deployed] : expected_.latest().deployed)
      wanted.push_back({instance, deployed.revision});
    std::optional<Result<database::StoredConfigs>> told;
    records_->configs(
        wanted, [&told](Result<database::StoredConfigs> found) { told = std::move(found); }, life_->loop);
    if (!life_->time.run_until([&told] { return told.has_value(); }, 1s))
      return fail(ErrorCode::kTimeout, "the configurations were never told");
    if (!*told) return fail(told->error());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const auto& sent = (**told)[i];
      if (!sent || sent->bytes != sent_bytes_of(sources_[wanted[i].revision]))
        return fail(ErrorCode::kCorrupt, "the configuration deployed is gone: " + wanted[i].instance);
    }
    return {};
  }

  Life* life_ = nullptr;
  std::optional<database::DeploymentRecords> records_;
  Expected<Known> expected_;
  std::map<Revision, std::string> sources_;
  int deployments_ = 0;
};

class AuditTrail final : public Central {
 public:
  Result<> open(Life& life) override {
    life_ = &life;
    worker_ = life.time.worker();
    records_.emplace(life.database);
    auto opened = audit::Log::open({life.loop, *worker_, *records_}, key_file_);
    if (!opened) return fail(opened.error());
    log_ = std::move(*opened);
    if (auto sound = check_chain(); !sound) return sound;
    return check_entries();
  }

  void act() override {
    for (auto more = 1 + life_->random.below(3); more > 0; --more) {
      if (life_->random.below(2) == 0) {
        record(fmt::format("change {}", ++changes_), 0);
      } else {
        intend(fmt::format("change {}", ++changes_));
      }
    }
  }

  void close() override {
    log_.reset();
    records_.reset();
    worker_.reset();
    life_ = nullptr;
  }

 private:
  static audit::Entry entry_of(const std::string& change) {
    audit::Entry entry;
    entry.who = "ann";
    entry.action = "putTemplate";
    entry.path = change;
    entry.result = "200";
    return entry;
  }

  void record(const std::string& change, std::int64_t intent) {
    auto entry = entry_of(change);
    entry.intent = intent;
    asked_.insert(change);
    log_->record(entry, [this, change](const Result<>& outcome) {
      if (life_->done(outcome)) answered_.insert(change);
    });
  }

  // Once it is put down there will be an entry, whether or not it comes to the change.
  void intend(const std::string& change) {
    asked_.insert(change);
    log_->intend(entry_of(change), [this, change](const Result<std::int64_t>& intent) {
      if (!life_->done(intent ? Result<>() : Result<>(fail(intent.error())))) return;
      answered_.insert(change);
      record(change, *intent);
    });
  }

  Result<> check_chain() {
    const auto key = audit::Key::load(key_file_);
    if (!key) return fail(key.error());
    const auto kept = audit::read_head(audit::head_file(key_file_));
    if (!kept) return fail(kept.error());
    const auto verdict = audit::verify(*key, *kept, [this](const auto& visit) {
      return life_->database.read_now([&visit](soci::session& sql) -> Result<> {
        database::AuditRecords::each(sql, visit);
        return {};
      });
    });
    if (!verdict) return fail(verdict.error());
    if (!verdict->fault) return {};
    return fail(ErrorCode::kCorrupt, fmt::format("the audit log is broken at entry {}: {}",
                                                 verdict->fault->sequence, verdict->fault->message));
  }

  Result<> check_entries() {
    auto missing = answered_;
    std::string stranger;
    auto walked = life_->database.read_now([&](soci::session& sql) -> Result<> {
      std::set<std::string> seen;
      database::AuditRecords::each(sql, [&](const audit::Entry& entry) {
        if (!asked_.contains(entry.path) || !seen.insert(entry.path).second) stranger = entry.path;
        missing.erase(entry.path);
        return true;
      });
      return {};
    });
    if (!walked) return walked;
    if (!stranger.empty())
      return fail(ErrorCode::kCorrupt, "recorded twice, or never asked for: " + stranger);
    if (missing.empty()) return {};
    return fail(ErrorCode::kCorrupt,
                fmt::format("{} entries are gone, {} first", missing.size(), *missing.begin()));
  }

  sql::ScratchFolder folder_;  // of the key and the head, which are no part of the database
  const std::filesystem::path key_file_ = folder_ / "audit.key";
  Life* life_ = nullptr;
  std::unique_ptr<Worker> worker_;
  std::optional<database::AuditRecords> records_;
  std::unique_ptr<audit::Log> log_;
  std::set<std::string> asked_;
  std::set<std::string> answered_;
  int changes_ = 0;
};

class Leadership final : public Central {
 public:
  Result<> open(Life& life) override {
    const auto term = database::raise_term(life.database);
    if (!term) return fail(term.error());
    if (*term <= term_) return fail(ErrorCode::kCorrupt, fmt::format("term {} after {}", *term, term_));
    term_ = *term;
    const auto kept = lease::SqlVotes::all(life.database);
    if (!kept) return fail(kept.error());
    const auto vote = kept->find("north");
    if (!expected_.settle(vote == kept->end() ? lease::Vote{} : vote->second))
      return fail(ErrorCode::kCorrupt,
                  fmt::format("the vote in epoch {} is not there", expected_.answered().epoch));
    life_ = &life;
    votes_.emplace(life.database, life.loop, "north");
    return {};
  }

  void act() override {
    auto next = expected_.latest();
    next.epoch += 1 + life_->random.below(3);
    next.holder = fmt::format("node {}", life_->random.below(2));
    next.lease = 5s;
    expected_.ask(next);
    votes_->keep(next, [this](const Result<>& outcome) {
      if (life_->done(outcome)) expected_.answer();
    });
  }

  void close() override {
    votes_.reset();
    life_ = nullptr;
  }

 private:
  Life* life_ = nullptr;
  std::optional<lease::SqlVotes> votes_;
  Expected<lease::Vote> expected_;
  std::uint64_t term_ = 0;
};

TEST_CASE("what the coordinator knows of deployments is there after every power cut, and true together") {
  check_cuts<Deployments>(125);
}

TEST_CASE(
    "what was recorded, or put down to be done, is in the audit log after every power cut, and the chain "
    "holds") {
  check_cuts<AuditTrail>(40);  // fewer: each writes the head of the log to a real disk, twice
}

TEST_CASE("no term is used twice and no vote forgotten, whatever the power does") {
  check_cuts<Leadership>(125);
}

TEMPLATE_TEST_CASE("a coordinator's database that does not sync is caught", "", Deployments, AuditTrail,
                   Leadership) {
  const auto off = bites_of<TestType>("OFF", 20);
  CHECK(off.damaged + off.lost > 15);
}

}  // namespace
}  // namespace fieldline::powerloss
