// Brings what changed to the keeper: one save at a time, and what changes meanwhile goes with the
// next, the newest state only. Lives on the instance's strand.
#pragma once

#include <functional>
#include <string>

#include "agent/runtime/keeper.hpp"
#include "agent/runtime/voice.hpp"
#include "common/base/executor.hpp"
#include "common/base/result.hpp"

namespace fieldline::runtime {

class Saver {
 public:
  // Saves elsewhere; `saved` brings the answer back to the strand.
  using Send = std::function<void(const Kept& changed)>;

  Saver(const Speaker& speaker, Send send);
  ~Saver();
  Saver(const Saver&) = delete;
  Saver& operator=(const Saver&) = delete;

  void put(std::string key, std::string bytes);
  void saved(const Result<>& outcome);
  // Sends nothing more.
  void stop();
  // What no answer has confirmed yet.
  [[nodiscard]] Kept unsaved() const;

 private:
  void send_next();

  Executor& strand_;
  const Send send_;
  Voice voice_;
  Kept changed_;
  Kept on_its_way_;
  bool stopped_ = false;
  Executor::TimerId retry_ = 0;
};

}  // namespace fieldline::runtime
