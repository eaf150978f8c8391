// The connections of one instance and its subscriptions to them: attributes are their own point
// ids. Opened anywhere; from `subscribe` on it lives on the instance's strand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "agent/connections/connection.hpp"
#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/model/flat_config.hpp"

namespace fieldline::runtime {

class FieldLinks {
 public:
  using Opener = std::function<Result<std::shared_ptr<connections::FieldConnection>>(const Connection&)>;
  using Sink = std::function<void(std::size_t attribute, const Sample& sample)>;

  // Opens the connections that a bound attribute uses, all or none.
  static Result<FieldLinks> open(const FlatConfig& config, const Opener& opener);

  void subscribe(Executor& strand, const Sink& sink);
  // No sample and no answer of a write comes from now on.
  void unsubscribe();
  // Of a bound attribute, while subscribed.
  void write(std::size_t attribute, const Value& value, connections::Written done);

 private:
  struct Link {
    std::shared_ptr<connections::FieldConnection> connection;
    std::vector<connections::Point> points;
    std::unique_ptr<connections::Subscription> subscription;
  };

  std::vector<Link> links_;
  std::vector<std::size_t> link_of_;  // by attribute; of an unbound one it means nothing
};

}  // namespace fieldline::runtime
