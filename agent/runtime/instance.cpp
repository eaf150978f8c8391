#include "agent/runtime/instance.hpp"

#include <fmt/format.h>

#include <utility>

#include "agent/runtime/limits.hpp"

namespace fieldline::runtime {

Instance::Instance(Compiled compiled, FieldLinks links, const Speaker& speaker, Saver::Send save, Ask ask)
    : compiled_(std::move(compiled)),
      voice_(speaker, Category::kSystem, kFailureRate),
      saver_(speaker, std::move(save)),
      attributes_(compiled_.config(), std::move(links), speaker.strand, saver_,
                  [this](std::size_t attribute, bool news) { attribute_changed(attribute, news); }),
      scripts_(compiled_.config(), attributes_, speaker, std::move(ask)),
      alarms_(compiled_.config(), attributes_, speaker, saver_,
              [this](const std::string& script) { scripts_.trigger(script); }) {}

Result<> Instance::load() {
  return scripts_.load(compiled_.modules());
}

void Instance::start(const Heritage& heritage, bool enabled) {
  inherited_ = heritage.counters;
  attributes_.adopt(heritage);
  alarms_.adopt(heritage);
  reconcile_kept(heritage.kept);
  for (const auto& key : heritage.unreadable) {
    voice_.say(Severity::kError, "runtime", "what was kept of " + key + " is damaged; it begins anew");
  }
  if (enabled) enable();
}

// The keeper then holds just what this instance wants to find again.
void Instance::reconcile_kept(const Kept& kept) {
  Kept durable;
  attributes_.list_durable(durable);
  alarms_.list_durable(durable);
  for (const auto& [key, bytes] : kept) {
    if (!durable.contains(key) && bytes != kNothing) saver_.put(key, std::string(kNothing));
  }
  for (auto& [key, bytes] : durable) {
    const auto known = kept.find(key);
    if (known == kept.end() || known->second != bytes) saver_.put(key, std::move(bytes));
  }
}

Heritage Instance::stop() {
  disable();
  saver_.stop();
  Heritage heritage;
  attributes_.bequeath(heritage);
  alarms_.bequeath(heritage);
  heritage.counters = tally();
  heritage.unsaved = saver_.unsaved();
  Kept durable = heritage.unsaved;
  attributes_.list_durable(durable);
  alarms_.list_durable(durable);
  for (const auto& [key, bytes] : durable) heritage.kept[key];
  return heritage;
}

void Instance::enable() {
  if (std::exchange(enabled_, true)) return;
  attributes_.put_in_service();
  scripts_.start();
  alarms_.start();  // may run scripts at once
}

void Instance::disable() {
  if (!std::exchange(enabled_, false)) return;
  attributes_.put_out_of_service();
  scripts_.stop();
  alarms_.stop();
  while (!open_writes_.empty()) {
    settle_write(open_writes_.begin()->first,
                 fail(ErrorCode::kUnavailable,
                      "the instance went out of service before the device answered; the write may have been "
                      "carried out"));
  }
}

void Instance::write(const std::string& attribute, const Value& value, Done done) {
  const auto index = attributes_.find(attribute);
  if (!index) {
    done(fail(ErrorCode::kNotFound,
              fmt::format("{} has no attribute named {}", compiled_.config().instance, attribute)));
    return;
  }
  const auto id = ++writes_;
  const auto course =
      attributes_.write(*index, value, [this, id](Result<> answer) { settle_write(id, std::move(answer)); });
  if (course && *course == Attributes::Course::kAsked) {
    open_writes_.emplace(id, std::move(done));
  } else {
    done(course ? Result<>() : fail(course.error()));
  }
}

void Instance::settle_write(std::uint64_t id, Result<> outcome) {
  auto write = open_writes_.extract(id);
  if (!write.empty()) write.mapped()(std::move(outcome));
}

Result<> Instance::acknowledge(const std::string& alarm, const std::string& occurrence) {
  return alarms_.acknowledge(alarm, occurrence);
}

void Instance::attribute_changed(std::size_t attribute, bool news) {
  alarms_.attribute_changed(attribute);
  if (news) scripts_.attribute_changed(attribute);
}

Tally Instance::tally() const {
  Tally tally;
  tally.script_runs = inherited_.script_runs;
  tally.script_errors = inherited_.script_errors;
  tally.script_coalesced = inherited_.script_coalesced;
  tally.instances = enabled_ ? 1 : 0;
  attributes_.count(tally);
  scripts_.count(tally);
  alarms_.count(tally);
  return tally;
}

}  // namespace fieldline::runtime
