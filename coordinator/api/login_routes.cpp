#include "coordinator/api/answers.hpp"
#include "coordinator/api/cookies.hpp"
#include "coordinator/api/problem.hpp"

namespace fieldline::api {

using security::Permission;
using security::Principal;

namespace {

struct Credentials {
  std::string name;
  std::string password;

  static constexpr auto fields =
      fields_in_order(required("name", &Credentials::name), required("password", &Credentials::password));
};

struct NewPassword {
  std::string current;
  std::string password;

  static constexpr auto fields = fields_in_order(required("current", &NewPassword::current),
                                                 required("password", &NewPassword::password));
};

Response too_many_passwords() {
  auto answer = problem(429, "too-many-attempts", "too many wrong passwords: try again later");
  answer.headers.add("Retry-After", "5");
  return answer;
}

Json show_principal(const Principal& principal) {
  auto permissions = Json::array();
  for (std::size_t i = 0; i < kEnumNames<Permission>.size(); ++i) {
    if (may(principal, static_cast<Permission>(i))) permissions.push_back(kEnumNames<Permission>[i]);
  }
  Json json{{"name", principal.name},
            {"kind", principal.is_user ? "user" : "token"},
            {"grants", to_json(principal.grants)},
            {"permissions", std::move(permissions)}};
  if (!principal.csrf.empty()) json["csrf_token"] = principal.csrf;
  return json;
}

void who_am_i(const Rooms&, const Request& request, const Reply& reply) {
  reply.send(json_response(200, show_principal(request.principal)));
}

void log_in(const Rooms& rooms, const Request& request, const Reply& reply) {
  if (const auto own = check_origin(request.head); !own) return reply.fail(own.error());
  Credentials given;
  if (const auto read = from_json(request.document, given); !read) return reply.fail(read.error());
  auto& security = rooms.security;
  // Only the names of users: strangers type all sorts of things there, passwords too.
  const bool is_user = security.accounts().book()->users.contains(given.name);
  if (is_user) reply.entry().who = given.name;
  if (!security.may_try(request.head.peer, given.name)) return reply.send(too_many_passwords());
  security.log_in(
      given.name, std::move(given.password), request.head.peer,
      answer_with<std::string>(reply, [reply, &security, secure = rooms.secure](const auto& secret) {
        const auto principal = security.who_is_in(secret);
        if (!principal) return problem(Error{ErrorCode::kUnauthenticated, "the user is gone", {}, {}});
        reply.entry().kind = "user";
        auto response = json_response(200, show_principal(*principal));
        response.headers.add("Set-Cookie", set_session_cookie(secret, secure));
        return response;
      }));
}

void log_out(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto& principal = request.principal;
  if (!principal.token.empty())
    return reply.fail({ErrorCode::kConflict, "a token has no session: delete the token instead", {}, {}});
  rooms.security.sessions().end(principal.credential);
  auto response = empty_response(204);
  response.headers.add("Set-Cookie", set_session_cookie("", rooms.secure));
  reply.send(std::move(response));
}

void change_own_password(const Rooms& rooms, const Request& request, const Reply& reply) {
  NewPassword given;
  if (const auto read = from_json(request.document, given); !read) return reply.fail(read.error());
  if (const auto sound = security::check_new_password(given.password, "/password"); !sound)
    return reply.fail(sound.error());
  const auto& principal = request.principal;
  if (!principal.is_user)
    return reply.fail({ErrorCode::kConflict, "a service token has no password", {}, {}});
  if (!rooms.security.may_try(request.head.peer, principal.name)) return reply.send(too_many_passwords());
  rooms.security.change_password(
      principal, request.head.peer, std::move(given.current), std::move(given.password),
      [reply](const Result<>& outcome) {
        if (outcome) return reply.send(empty_response(204));
        auto error = outcome.error();
        // Who asks is known; it is the password that is wrong.
        if (error.code == ErrorCode::kUnauthenticated)
          error = {ErrorCode::kForbidden, "the current password is wrong", "/current", {}};
        reply.fail(error);
      });
}

}  // namespace

void add_login_routes(Routes& routes, const Rooms& rooms) {
  routes.push_back({.method = Method::kPost,
                    .pattern = "/api/v1/login",
                    .id = "logIn",
                    .access = Anyone{},
                    .body = Body::kJson,
                    .handler = handled_by(rooms, log_in)});
  routes.push_back({.method = Method::kPost,
                    .pattern = "/api/v1/logout",
                    .id = "logOut",
                    .access = Permission::kView,
                    .handler = handled_by(rooms, log_out)});
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/whoami",
                    .id = "whoAmI",
                    .access = Permission::kView,
                    .handler = handled_by(rooms, who_am_i)});
  routes.push_back({.method = Method::kPut,
                    .pattern = "/api/v1/whoami/password",
                    .id = "putOwnPassword",
                    .access = Permission::kView,
                    .body = Body::kJson,
                    .handler = handled_by(rooms, change_own_password)});
}

}  // namespace fieldline::api
