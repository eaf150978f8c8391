#include "common/net/twin_session.hpp"

#include "common/net/twins.hpp"

namespace fieldline::net {

Executor* TwinSession::receiver(Way way) const {
  if (way == Way::kUp) return router ? &router->executor() : nullptr;
  return dealer ? &dealer->executor() : nullptr;
}

}  // namespace fieldline::net
