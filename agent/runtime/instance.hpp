// One instance as an actor: owns its attributes, alarms and scripts, and touches nothing else. Built
// anywhere; from `start` on it lives on its strand, where all its methods are called.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/runtime/alarms.hpp"
#include "agent/runtime/attributes.hpp"
#include "agent/runtime/compiled.hpp"
#include "agent/runtime/field_links.hpp"
#include "agent/runtime/heritage.hpp"
#include "agent/runtime/outside.hpp"
#include "agent/runtime/saver.hpp"
#include "agent/runtime/scripts.hpp"
#include "agent/runtime/tally.hpp"
#include "agent/runtime/voice.hpp"
#include "common/base/result.hpp"
#include "common/model/status.hpp"

namespace fieldline::runtime {

class Instance {
 public:
  using Done = std::function<void(Result<>)>;

  // All that it reaches outside: its strand and the event log through `speaker`, the field through
  // `links`, the keeper through `save`, which is answered with `saved`, other systems through `ask`, which
  // answers on the strand while this is there.
  Instance(Compiled compiled, FieldLinks links, const Speaker& speaker, Saver::Send save, Ask ask);
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // Makes the scripts ready; nothing runs yet. Fails when one of them can't be.
  Result<> load();
  // Takes over and, unless disabled, goes into service.
  void start(const Heritage& heritage, bool enabled);
  // Ends for good. It still answers what it last held.
  Heritage stop();

  void disable();
  void enable();

  // Answers at once, or when the device does; with kUnavailable when it goes out of service meanwhile.
  void write(const std::string& attribute, const Value& value, Done done);
  Result<> acknowledge(const std::string& alarm, const std::string& occurrence);
  void saved(const Result<>& outcome) { saver_.saved(outcome); }

  [[nodiscard]] std::vector<AttributeValue> values() const { return attributes_.all(); }
  [[nodiscard]] std::vector<AlarmStatus> alarms() const { return alarms_.listed(); }
  [[nodiscard]] Tally tally() const;

 private:
  void attribute_changed(std::size_t attribute, bool news);
  void reconcile_kept(const Kept& kept);
  void settle_write(std::uint64_t id, Result<> outcome);

  const Compiled compiled_;
  Voice voice_;
  Saver saver_;
  Attributes attributes_;
  Scripts scripts_;
  Alarms alarms_;
  bool enabled_ = false;
  Tally inherited_;  // counters of the actors before this one
  std::uint64_t writes_ = 0;
  std::map<std::uint64_t, Done> open_writes_;
};

}  // namespace fieldline::runtime
