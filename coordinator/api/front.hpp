// Between the wire and the handlers: finds the route, asks who comes and whether they may, checks
// what they sent, and hands the request to the coordinator's loop. Lives on the server's thread.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "common/base/executor.hpp"
#include "coordinator/api/routes.hpp"
#include "coordinator/api/service.hpp"
#include "coordinator/security/attempts.hpp"
#include "coordinator/security/principal.hpp"

namespace fieldline::api {

class Front final : public Service {
 public:
  struct Neighbours {
    Executor& loop;
    // Whose token it is. Any thread.
    std::function<std::optional<security::Principal>(std::string_view token)> who;
    // Each answer on its way out: operation id ("none" without a route), status, time taken. Any thread.
    std::function<void(std::string_view operation, int status, Duration took)> count;
  };

  Front(Neighbours neighbours, RouteTable routes);

  [[nodiscard]] Allowance allow(const Head& head) override;
  void serve(Request request, Reply reply) override;

  [[nodiscard]] const RouteTable& routes() const { return routes_; }

 private:
  struct Admission {
    const Route* route = nullptr;
    Params path;
    Params query;
    security::Principal principal;
  };
  template <class T = void>
  using OrAnswer = tl::expected<T, Response>;

  [[nodiscard]] OrAnswer<Admission> admit(const Head& head) const;
  [[nodiscard]] OrAnswer<security::Principal> authenticate(const Head& head) const;
  [[nodiscard]] Response slowed_down(Response answer, const Head& head);
  void watch(const Reply& reply, std::string_view operation) const;

  Neighbours neighbours_;
  RouteTable routes_;
  security::Attempts attempts_;
};

}  // namespace fieldline::api
