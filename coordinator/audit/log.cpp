#include "coordinator/audit/log.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/base/check.hpp"
#include "coordinator/audit/limits.hpp"

namespace fieldline::audit {
namespace {

Head head_of(const std::optional<Entry>& last) {
  return last ? Head{last->sequence, last->mac} : Head{};
}

Result<Key> load_or_create(const std::filesystem::path& file, bool is_new) {
  auto key = Key::load(file);
  if (key || key.error().code != ErrorCode::kNotFound) return key;
  if (is_new) return Key::create(file);
  return fail(ErrorCode::kNotFound,
              "the audit log has entries, but its key is gone: without it nobody can tell whether they are "
              "genuine; restore the key",
              file.string());
}

}  // namespace

Result<std::unique_ptr<Log>> Log::open(const Neighbours& neighbours, const std::filesystem::path& key_file) {
  auto last = neighbours.records.last_now();
  if (!last) return fail(std::move(last.error()));
  const auto file = head_file(key_file);
  const auto kept = read_head(file);
  if (!kept) return fail(kept.error());
  auto key = load_or_create(key_file, !*last && (!*kept || (*kept)->sequence == 0));
  if (!key) return fail(std::move(key.error()));
  auto head = head_of(*last);
  if (*kept && (*kept)->sequence > head.sequence) {
    // Going on from where the log really ended keeps the hole open for verify to see.
    spdlog::critical("the audit log ends at entry {}, and had {}: entries are missing at its end",
                     head.sequence, (*kept)->sequence);
    head = **kept;
  }
  auto log = std::unique_ptr<Log>(new Log(neighbours, *key, file, head));
  if (auto recorded = log->record_intents(); !recorded) return fail(std::move(recorded.error()));
  if (!*kept || **kept != log->head_) {
    if (auto written = write_head(file, log->head_); !written) return fail(std::move(written.error()));
    log->kept_ = log->head_;
  }
  return log;
}

Log::Log(const Neighbours& neighbours, Key key, std::filesystem::path head_path, Head head)
    : with_(neighbours), key_(key), head_file_(std::move(head_path)), head_(std::move(head)), kept_(head_) {}

Log::~Log() {
  if (kept_ == head_) return;
  if (const auto kept = write_head(head_file_, head_); !kept)
    spdlog::error("the end of the audit log can't be kept: {}", kept.error().describe());
}

// Nobody knows what came of them: the process ended between the change and its entry, or before the
// change.
Result<> Log::record_intents() {
  auto left = with_.records.intents();
  if (!left) return fail(std::move(left.error()));
  if (left->empty()) return {};
  auto head = head_;
  for (auto& entry : *left) {
    add_details(entry, {{"asked", format_rfc3339(entry.time)}, {"found_at_start", true}});
    entry.time = with_.loop.clock().utc();
    entry.result = kUnknown;
    sign(entry, head);
  }
  spdlog::warn("{} requests were cut off when the coordinator ended: the audit log has what is known of them",
               left->size());
  if (auto appended = with_.records.append_now(std::move(*left)); !appended) return appended;
  head_ = head;
  return {};
}

void Log::intend(Entry entry, Intended done) {
  FIELDLINE_DCHECK(with_.loop.here());
  if (intents_ >= kIntents)
    return done(fail(ErrorCode::kExhausted, "too many requests wait to be recorded in the audit log"));
  ++intents_;
  entry.intent = ++last_intent_;
  entry.time = with_.loop.clock().utc();
  bound(entry);
  const auto id = entry.intent;
  with_.records.intend(
      std::move(entry),
      [this, id, done = std::move(done)](const Result<>& outcome) {
        if (outcome) return done(id);
        --intents_;
        spdlog::error("a request can't be put down for the audit log: {}", outcome.error().describe());
        done(fail(outcome.error()));
      },
      with_.loop);
}

void Log::record(Entry entry, Done done) {
  auto waiting = std::make_shared<Waiting>(Waiting{std::move(entry), std::move(done)});
  with_.loop.post([this, waiting] { add(std::move(*waiting)); });
}

void Log::insist(const Entry& entry) {
  record(entry, [this, entry](const Result<>& outcome) {
    if (!outcome) with_.loop.after(kRetry, [this, entry] { insist(entry); });
  });
}

void Log::page(Query query, std::function<void(Result<std::vector<Entry>>)> done) {
  with_.records.page(std::move(query), std::move(done), with_.loop);
}

void Log::add(Waiting waiting) {
  if (waiting_.size() >= kWaiting) {
    if (!std::exchange(full_, true))
      spdlog::error("too many entries wait for the audit log: those that come now are refused");
    return waiting.done(fail(ErrorCode::kExhausted, "too many entries wait for the audit log"));
  }
  waiting.entry.time = with_.loop.clock().utc();
  bound(waiting.entry);
  waiting_.push_back(std::move(waiting));
  write_some();
}

void Log::write_some() {
  FIELDLINE_DCHECK(with_.loop.here());
  if (writing_ || waiting_.empty()) return;
  writing_ = true;
  Written batch;
  batch.head = head_;
  std::vector<Entry> entries;
  while (!waiting_.empty() && entries.size() < kBatch) {
    auto& [entry, done] = waiting_.front();
    sign(entry, batch.head);
    if (entry.intent != 0) ++batch.settled;
    entries.push_back(std::move(entry));
    batch.told.push_back(std::move(done));
    waiting_.pop_front();
  }
  if (waiting_.empty()) full_ = false;
  with_.records.append(
      std::move(entries),
      [this, batch = std::move(batch)](const Result<>& outcome) { written(batch, outcome); }, with_.loop);
}

void Log::sign(Entry& entry, Head& head) const {
  entry.sequence = ++head.sequence;
  entry.mac = key_.mac(head.mac, entry);
  head.mac = entry.mac;
}

void Log::written(const Written& batch, const Result<>& outcome) {
  if (outcome) {
    head_ = batch.head;
    intents_ -= batch.settled;
    writing_ = false;
    keep_head();
  } else {
    spdlog::error("{} entries can't be written to the audit log: {}", batch.told.size(),
                  outcome.error().describe());
    find_end();
  }
  for (const auto& done : batch.told) done(outcome);
  write_some();
}

// A commit that failed may have reached the disk all the same.
void Log::find_end() {
  with_.records.last(
      [this](const Result<std::optional<Entry>>& last) {
        writing_ = false;
        if (last && *last && (*last)->sequence > head_.sequence) head_ = head_of(*last);
        write_some();
      },
      with_.loop);
}

void Log::keep_head() {
  if (keeping_ || kept_ == head_) return;
  keeping_ = true;
  const bool taken = with_.disk.try_post([this, &loop = with_.loop, file = head_file_, head = head_] {
    const auto kept = write_head(file, head);
    if (!kept) spdlog::error("the end of the audit log can't be kept: {}", kept.error().describe());
    loop.post([this, head, good = kept.has_value()] {
      if (good) kept_ = head;
    });
  });
  if (!taken) spdlog::warn("the end of the audit log is kept later: too much waits for the worker");
  with_.loop.after(kHeadPeriod, [this] {
    keeping_ = false;
    keep_head();
  });
}

}  // namespace fieldline::audit
