#include "agent/orders/download.hpp"

namespace fieldline::orders {

Fetch Download::next() const {
  return Fetch{order_.deployment, bytes_.size(), order_.revision};
}

Result<> Download::take(const Piece& piece, std::string_view bytes) {
  if (piece.size == 0) return fail(ErrorCode::kNotFound, "the coordinator no longer has this configuration");
  if (piece.offset != bytes_.size()) return {};
  if (piece.size != order_.size || bytes.empty() || bytes.size() > order_.size - bytes_.size()) {
    return fail(ErrorCode::kInvalid, "a piece of the configuration does not fit the size in its order");
  }
  bytes_.append(bytes);
  return {};
}

}  // namespace fieldline::orders
