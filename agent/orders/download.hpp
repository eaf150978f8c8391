// The bytes of a configuration that did not fit its order, asked for piece by piece. A plain value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/model/order.hpp"
#include "common/model/session.hpp"

namespace fieldline::orders {

class Download {
 public:
  explicit Download(const Order& order) : order_(order) {}

  // The request for what is missing next.
  [[nodiscard]] Fetch next() const;
  // Takes a piece; one that is not the next is passed over. kNotFound: the coordinator no longer has
  // the configuration; kInvalid: the piece contradicts the order.
  Result<> take(const Piece& piece, std::string_view bytes);
  [[nodiscard]] bool complete() const { return bytes_.size() == order_.size; }
  [[nodiscard]] std::string release() { return std::move(bytes_); }

 private:
  Order order_;
  std::string bytes_;
};

}  // namespace fieldline::orders
