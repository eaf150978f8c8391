// The alarms of one instance: feeds them samples and time, tells their changes, keeps their states.
// Lives on the instance's strand.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "agent/runtime/alarm.hpp"
#include "agent/runtime/attributes.hpp"
#include "agent/runtime/heritage.hpp"
#include "agent/runtime/saver.hpp"
#include "agent/runtime/tally.hpp"
#include "agent/runtime/voice.hpp"
#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/model/flat_config.hpp"
#include "common/model/status.hpp"

namespace fieldline::runtime {

class Alarms {
 public:
  // Runs the script that an alarm names for its activation.
  using Activate = std::function<void(const std::string& script)>;

  // `config` and the rest outlive this.
  Alarms(const FlatConfig& config, const Attributes& attributes, const Speaker& speaker, Saver& saver,
         Activate activate);
  ~Alarms();
  Alarms(const Alarms&) = delete;
  Alarms& operator=(const Alarms&) = delete;

  // Takes over the states of alarms of the same name and kind.
  void adopt(const Heritage& heritage);
  void bequeath(Heritage& heritage) const;
  void list_durable(Kept& durable) const;

  // Evaluates from now on, beginning with what the attributes hold.
  void start();
  // States stay as they are; delays that run are forgotten.
  void stop();
  void attribute_changed(std::size_t attribute);
  Result<> acknowledge(const std::string& alarm, const std::string& occurrence);

  // Those that an operator has to see; none while stopped.
  [[nodiscard]] std::vector<AlarmStatus> listed() const;
  void count(Tally& tally) const;

 private:
  struct Condition {
    const Alarm& definition;
    std::size_t attribute;
    AlarmState state;
    Executor::TimerId timer = 0;
  };

  [[nodiscard]] Moment now() const;
  void evaluate(Condition& condition, const Sample& sample);
  void take(Condition& condition, AlarmStep next);
  void tell(const Condition& condition, AlarmChange change);
  void wait_for_delay(Condition& condition);
  [[nodiscard]] AlarmStatus status(const Condition& condition) const;

  const Attributes& attributes_;
  Executor& strand_;
  const std::string instance_;
  Saver& saver_;
  Voice voice_;
  const Activate activate_;
  std::vector<Condition> conditions_;
  std::vector<std::vector<std::size_t>> watchers_;  // attribute → conditions
  bool started_ = false;
};

}  // namespace fieldline::runtime
