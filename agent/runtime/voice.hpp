// One source of events within an instance, kept from flooding the site event log: what comes too
// fast is held back, counted, and owned up to. Lives on the instance's strand.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "agent/runtime/rate_gate.hpp"
#include "common/base/executor.hpp"
#include "common/model/event.hpp"

namespace fieldline::runtime {

// Where an instance's events go, and what all of them bear.
struct Speaker {
  Executor& strand;
  std::string instance;
  std::function<void(Event)> log;
};

class Voice {
 public:
  Voice(const Speaker& speaker, Category category, Rate rate);
  ~Voice();
  Voice(const Voice&) = delete;
  Voice& operator=(const Voice&) = delete;

  // `details` is the text of a JSON object, or empty.
  void say(Severity severity, std::string source, std::string message, std::string details = {});
  // Says at once what is still held back.
  void flush();

 private:
  void hold(Event event);

  const Speaker speaker_;
  const Category category_;
  RateGate gate_;
  std::int64_t held_ = 0;
  bool alike_ = true;  // all held events say the same
  Event last_held_;
  Executor::TimerId timer_ = 0;
};

}  // namespace fieldline::runtime
