// Whether a device answers, and who wants to know. Set by the connection on any thread; changes are
// posted to the loop of the registry.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "common/base/executor.hpp"
#include "common/model/status.hpp"

namespace fieldline::connections {

using LinkListener = std::function<void(const ConnectionHealth& state)>;

class LinkState {
 public:
  // `loop` outlives this. Once `listener` is gone nobody is told.
  LinkState(std::string name, Executor& loop, std::weak_ptr<const LinkListener> listener);

  void up();
  void down(std::string error);
  [[nodiscard]] ConnectionHealth get() const;

 private:
  void change(bool connected, std::string error);

  Executor& loop_;
  const std::weak_ptr<const LinkListener> listener_;
  mutable std::mutex mutex_;
  ConnectionHealth state_;
};

}  // namespace fieldline::connections
