// What the coordinator counts of itself, as Prometheus reads it. Every label has a bounded set of
// values. Counting from any thread; `watch` and `text` on the coordinator's loop.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/base/executor.hpp"
#include "coordinator/deployment/deployments.hpp"
#include "coordinator/sites/sites.hpp"

namespace fieldline::health {

class Metrics {
 public:
  explicit Metrics(std::string_view version);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // `route` is an operation id of the API, never a path.
  void count_request(std::string_view route, int status, Duration took);
  void count_refused_credential();
  void set_streams(std::size_t open);

  // Follows both and the loop's lag from now on; all outlive this.
  void watch(Executor& loop, sites::Sites& sites, deployment::Deployments& deployments);

  // The text exposition format 0.0.4.
  [[nodiscard]] std::string text();

 private:
  struct Series;
  std::unique_ptr<Series> series_;
};

}  // namespace fieldline::health
