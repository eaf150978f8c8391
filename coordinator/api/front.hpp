// Between the wire and the handlers: finds the route, asks who comes and whether they may, checks
// what they sent, and hands the request to the coordinator's loop. Of a request that would change
// something it is on the disk that it came, and the answer leaves once the audit log has its entry. Lives on
// the server's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "common/base/executor.hpp"
#include "coordinator/api/routes.hpp"
#include "coordinator/api/service.hpp"
#include "coordinator/audit/log.hpp"
#include "coordinator/audit/strangers.hpp"
#include "coordinator/security/attempts.hpp"
#include "coordinator/security/security.hpp"

namespace fieldline::api {

class Front final : public Service {
 public:
  struct Neighbours {
    Executor& loop;
    security::Security& security;
    // Empty when there is no such instance. Any thread.
    std::function<std::optional<std::string>(const std::string& instance)> site_of;
    bool secure = false;  // the line is TLS
    // Each answer on its way out: operation id ("none" without a route), status, time taken. Any thread.
    std::function<void(std::string_view operation, int status, Duration took)> count;
    // Puts down for the audit log what is about to be done. On the loop.
    std::function<void(audit::Entry entry, audit::Log::Intended done)> intend;
    // Puts an entry into the audit log. Any thread.
    std::function<void(audit::Entry entry, audit::Log::Done done)> record;
  };

  Front(Neighbours neighbours, RouteTable routes);

  [[nodiscard]] Allowance allow(const Head& head) override;
  void serve(Request request, Reply reply) override;

  [[nodiscard]] const RouteTable& routes() const { return routes_; }

 private:
  struct Admission {
    const Route* route = nullptr;  // null: there is none
    std::vector<std::string> segments;
    Params path;
    Params query;
    std::optional<security::Principal> principal;
    std::optional<Response> refusal;
  };
  template <class T = void>
  using OrAnswer = tl::expected<T, Response>;

  [[nodiscard]] Admission admit(const Head& head) const;
  [[nodiscard]] std::optional<Response> check_caller(Admission& admission, const Head& head) const;
  [[nodiscard]] OrAnswer<security::Principal> authenticate(const Head& head) const;
  // kForbidden names the permission, and the site that it is lacking at.
  [[nodiscard]] Result<> judge(const Route& route, const Request& request,
                               const security::Principal& principal) const;
  void carry_out(const Route& route, Request& request, const Reply& reply) const;
  [[nodiscard]] Result<SiteNames> concerned(const Route& route, const Request& request) const;
  [[nodiscard]] Response slowed_down(Response answer, const Head& head);
  void watch(const Reply& reply, std::string_view operation) const;
  // Streams end once who opened them may no longer.
  void guard(const Reply& reply, const Admission& admission) const;
  [[nodiscard]] Allowance allowance(Admission admission, const Head& head) const;
  void hold(const Reply& reply, const Admission& admission, const Head& head) const;

  Neighbours neighbours_;
  RouteTable routes_;
  security::Attempts attempts_;
  // Shared with replies, which can outlive this.
  std::shared_ptr<audit::Strangers> strangers_;
};

}  // namespace fieldline::api
