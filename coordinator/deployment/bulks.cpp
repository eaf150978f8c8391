#include "coordinator/deployment/bulks.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "coordinator/deployment/limits.hpp"

namespace fieldline::deployment {
namespace {

std::size_t text_size(const BulkReason& why) {
  auto size = why.message.size();
  for (const auto& finding : why.findings)
    size += finding.code.size() + finding.path.size() + finding.message.size();
  return size;
}

Failure no_bulk(const std::string& id) {
  return fail(ErrorCode::kNotFound,
              fmt::format("there is no bulk '{}', or not any more: bulks are kept until the coordinator "
                          "restarts or newer ones need their room; each instance shows its own deployment",
                          id));
}

}  // namespace

std::size_t& Bulks::count(Run& run, BulkState state) {
  auto& counts = run.bulk.counts;
  switch (state) {
    case BulkState::kWaiting:
      return counts.waiting;
    case BulkState::kUnderWay:
      return counts.under_way;
    case BulkState::kSucceeded:
      return counts.succeeded;
    case BulkState::kFailed:
      return counts.failed;
    case BulkState::kSkipped:
      break;
  }
  return counts.skipped;
}

BulkOutcome Bulks::outcome(const Item& item) {
  if (!item.why) return {item.deployment, {}, item.instance, {}, {}, item.state};
  return {item.deployment,   item.why->findings, item.instance,
          item.why->message, item.why->reason,   item.state};
}

Result<Bulk> Bulks::start(const std::string& site, const std::string& who, std::vector<std::string> instances,
                          std::optional<std::size_t> stop_after_failures) {
  if (auto room = make_room(instances.size()); !room) return fail(std::move(room.error()));
  auto run = std::make_shared<Run>();
  run->bulk.id = random_.id();
  run->bulk.site = site;
  run->bulk.who = who;
  run->bulk.started = with_.loop.clock().utc();
  run->bulk.stop_after_failures = stop_after_failures;
  run->bulk.counts.waiting = instances.size();
  run->items.reserve(instances.size());
  for (auto& instance : instances) run->items.push_back({std::move(instance), {}, nullptr, {}});
  runs_.emplace(run->bulk.id, run);
  oldest_first_.push_back(run->bulk.id);
  instances_ += run->items.size();
  ++running_;
  spdlog::info("bulk {} of {} instances at {} begins, asked for by {}", run->bulk.id, run->items.size(), site,
               who);
  queue(run);
  finish_if_over(run);
  return run->bulk;
}

Result<> Bulks::make_room(std::size_t instances) {
  auto oldest = oldest_first_.begin();
  while (runs_.size() >= kMaxBulks || instances_ + instances > kMaxBulkInstances) {
    oldest = std::find_if(oldest, oldest_first_.end(),
                          [&](const std::string& id) { return runs_.at(id)->bulk.over(); });
    if (oldest == oldest_first_.end())
      return fail(ErrorCode::kExhausted, "too many bulk deployments are under way: try again later");
    instances_ -= runs_.at(*oldest)->items.size();
    runs_.erase(*oldest);
    oldest = oldest_first_.erase(oldest);
  }
  return {};
}

void Bulks::queue(const RunPointer& run) {
  if (run->in_turn || run->resting || run->next == run->items.size()) return;
  run->in_turn = true;
  turns_.push_back(run);
  pump_later();
}

// From a turn of its own: whoever reports an end is still at work on that instance.
void Bulks::pump_later() {
  if (std::exchange(pumping_, true)) return;
  with_.loop.post([this] { pump(); });
}

// Bulks take turns, so that a long one holds up no other.
void Bulks::pump() {
  pumping_ = false;
  while (!turns_.empty() && slices_ < kBulkSlices && held_ < kBulkOperations) {
    const auto run = turns_.front();
    turns_.pop_front();
    run->in_turn = false;
    auto slice = take(run);
    if (run->bulk.counts.under_way + kBulkSlice <= kBulkWindow) queue(run);
    if (slice.empty()) return pump_later();
    std::vector<std::string> names;
    for (const auto index : slice) names.push_back(run->items[index].instance);
    ++slices_;
    with_.drafts.make_all(std::move(names),
                          [this, run, slice = std::move(slice)](std::vector<Result<Draft>> drafts) {
                            derived(run, slice, std::move(drafts));
                          });
  }
}

// The next instances to derive, each held from now on. Those that somebody else holds are skipped.
Bulks::Slice Bulks::take(const RunPointer& run) {
  Slice slice;
  for (std::size_t looked_at = 0; looked_at < kBulkSlice && run->next < run->items.size(); ++looked_at) {
    const auto index = run->next;
    auto& item = run->items[index];
    auto held = with_.operations.hold(item.instance, DeploymentKind::kDeploy, run->bulk.who);
    if (!held && held.error().code == ErrorCode::kExhausted) {
      run->resting = true;
      with_.loop.after(kSliceRetry, [this, run] {
        run->resting = false;
        queue(run);
      });
      break;
    }
    ++run->next;
    if (!held) {
      settle(run, index, BulkState::kSkipped, {{}, held.error().message, "held"});
      continue;
    }
    ++held_;
    item.deployment = std::move(*held);
    settle(run, index, BulkState::kUnderWay, {});
    slice.push_back(index);
  }
  return slice;
}

void Bulks::derived(const RunPointer& run, const Slice& slice, std::vector<Result<Draft>> drafts) {
  --slices_;
  for (std::size_t i = 0; i < slice.size(); ++i) begin(run, slice[i], std::move(drafts[i]));
  pump_later();
}

void Bulks::begin(const RunPointer& run, std::size_t index, Result<Draft> draft) {
  auto& item = run->items[index];
  const auto refused = [&] {
    with_.operations.release(item.instance);
    item.deployment.clear();
  };
  if (run->bulk.stopped) {
    refused();
    return settle(run, index, BulkState::kSkipped, {{}, "not begun: the bulk stopped before", "stopped"});
  }
  const auto& site = run->bulk.site;
  if (draft && draft->site != site)
    draft =
        fail(ErrorCode::kConflict, fmt::format("{} is of the site {} by now", item.instance, draft->site));
  auto config =
      draft ? with_.check(std::move(*draft)) : Result<database::SentConfig>(fail(std::move(draft.error())));
  if (!config) {
    refused();
    return fail_item(run, index, config.error());
  }
  under_way_.emplace(item.deployment, Place{run, index});
  with_.operations.start(item.instance, site, std::move(*config),
                         [this, run, index, id = item.deployment](const Result<Deployment>& begun) {
                           // One that is under way, or has failed, is published.
                           if (!begun && under_way_.erase(id) > 0) fail_item(run, index, begun.error());
                         });
}

void Bulks::published(const Deployment& row) {
  if (row.open()) return;
  const auto place = under_way_.extract(row.id);
  if (place.empty()) return;
  const auto& [run, index] = place.mapped();
  if (row.state == DeploymentState::kSuccess) return settle(run, index, BulkState::kSucceeded, {});
  settle(run, index, BulkState::kFailed, {row.findings, row.message, row.reason});
}

void Bulks::fail_item(const RunPointer& run, std::size_t index, const Error& error) {
  BulkReason why{{}, error.message, std::string(name(error.code))};
  for (const auto& [code, path, message] : error.findings) why.findings.push_back({code, message, path});
  settle(run, index, BulkState::kFailed, std::move(why));
}

void Bulks::settle(const RunPointer& run, std::size_t index, BulkState state, BulkReason why) {
  auto& item = run->items[index];
  --count(*run, item.state);
  ++count(*run, state);
  const bool held_before = std::exchange(item.state, state) == BulkState::kUnderWay;
  if (!why.reason.empty()) {
    const auto size = text_size(why);
    if (run->text + size > kBulkTextBytes) {
      why = {{}, {}, std::move(why.reason)};
    } else {
      run->text += size;
    }
    item.why = std::make_shared<const BulkReason>(std::move(why));
  }
  tell(*run, &item);
  if (state == BulkState::kUnderWay) return;
  if (held_before) --held_;
  const auto& limit = run->bulk.stop_after_failures;
  if (limit && run->bulk.counts.failed >= *limit) skip_rest(run);
  if (run->bulk.counts.under_way + kBulkSlice <= kBulkWindow) queue(run);
  if (!turns_.empty()) pump_later();
  finish_if_over(run);
}

// Told by the bulk's counts alone: there may be a hundred thousand.
void Bulks::skip_rest(const RunPointer& run) {
  if (std::exchange(run->bulk.stopped, true)) return;
  const auto why = std::make_shared<const BulkReason>(
      BulkReason{{}, fmt::format("not begun: {} had failed", run->bulk.counts.failed), "stopped"});
  auto& counts = run->bulk.counts;
  for (; run->next < run->items.size(); ++run->next) {
    auto& item = run->items[run->next];
    item.state = BulkState::kSkipped;
    item.why = why;
    --counts.waiting;
    ++counts.skipped;
  }
}

void Bulks::finish_if_over(const RunPointer& run) {
  auto& bulk = run->bulk;
  if (bulk.over() || bulk.counts.waiting + bulk.counts.under_way > 0) return;
  bulk.finished = with_.loop.clock().utc();
  --running_;
  spdlog::info("bulk {} at {} is over: {} succeeded, {} failed, {} skipped", bulk.id, bulk.site,
               bulk.counts.succeeded, bulk.counts.failed, bulk.counts.skipped);
  tell(*run, nullptr);
  waiters_ -= run->waiters.size();
  for (const auto& waiter : std::exchange(run->waiters, {})) {
    with_.loop.cancel(waiter.timer);
    waiter.done(bulk);
  }
}

void Bulks::tell(const Run& run, const Item* item) const {
  if (listeners_.empty()) return;
  const BulkProgress progress{run.bulk, item == nullptr ? std::nullopt : std::optional(outcome(*item))};
  for (const auto& listener : listeners_) listener(progress);
}

Result<BulkPage> Bulks::page(const std::string& id, const BulkQuery& query) const {
  const auto found = runs_.find(id);
  if (found == runs_.end()) return no_bulk(id);
  const auto& items = found->second->items;
  BulkPage page{found->second->bulk, {}, {}};
  const auto first = std::ranges::upper_bound(items, query.after, {}, &Item::instance);
  for (auto item = first; item != items.end(); ++item) {
    if (query.state && item->state != *query.state) continue;
    if (page.instances.size() == query.limit) {
      page.next = page.instances.back().instance;
      break;
    }
    page.instances.push_back(outcome(*item));
  }
  return page;
}

void Bulks::wait(const std::string& id, Duration up_to, Answer<Bulk> done) {
  const auto found = runs_.find(id);
  if (found == runs_.end()) return with_.loop.post([done = std::move(done), id] { done(no_bulk(id)); });
  const auto run = found->second;
  if (run->bulk.over()) return with_.loop.post([done = std::move(done), run] { done(run->bulk); });
  if (waiters_ >= kMaxBulkWaiters) {
    return with_.loop.post([done = std::move(done)] {
      done(fail(ErrorCode::kExhausted, "too many wait for bulk deployments: ask again without waiting"));
    });
  }
  ++waiters_;
  const auto waiter = run->waiters.insert(run->waiters.end(), {0, std::move(done)});
  waiter->timer = with_.loop.after(up_to, [this, run, waiter] {
    --waiters_;
    const auto answer = std::move(waiter->done);
    run->waiters.erase(waiter);
    answer(run->bulk);
  });
}

}  // namespace fieldline::deployment
