#include <charconv>

#include "coordinator/api/answers.hpp"
#include "coordinator/api/limits.hpp"

namespace fieldline::api {

using security::Permission;

namespace {

// "<microseconds>.<sequence>": after which entry the next page begins.
std::string cursor_after(const audit::Entry& entry) {
  return make_cursor(fmt::format("{}.{}", entry.time.time_since_epoch().count(), entry.sequence));
}

Result<std::optional<audit::Place>> place_option(const Request& request) {
  const auto text = cursor_option(request);
  if (!text) return fail(text.error());
  if (text->empty()) return std::optional<audit::Place>();
  audit::Place place;
  std::int64_t time = 0;
  const auto* end = text->data() + text->size();
  const auto first = std::from_chars(text->data(), end, time);
  if (first.ec == std::errc() && first.ptr != end && *first.ptr == '.') {
    const auto second = std::from_chars(first.ptr + 1, end, place.sequence);
    place.time = Timestamp(Duration(time));
    if (second.ec == std::errc() && second.ptr == end) return std::optional(place);
  }
  return bad_option("cursor", "is what the page before gave as 'next'");
}

Result<audit::Query> read_audit_query(const Request& request) {
  audit::Query query;
  const auto from = time_option(request, "from");
  if (!from) return fail(from.error());
  const auto to = time_option(request, "to");
  if (!to) return fail(to.error());
  const auto limit = limit_option(request, kPageSize, kLargestPage);
  if (!limit) return fail(limit.error());
  const auto before = place_option(request);
  if (!before) return fail(before.error());
  query.from = *from;
  query.to = *to;
  query.limit = *limit;
  query.before = *before;
  query.who = request.option("who").value_or("");
  query.action = request.option("action").value_or("");
  query.instance = request.option("instance").value_or("");
  query.site = request.option("site").value_or("");
  query.result = request.option("result").value_or("");
  return query;
}

Response show_page(const std::vector<audit::Entry>& page, std::int64_t limit) {
  auto entries = Json::array();
  for (const auto& entry : page) entries.push_back(audit::shown(entry));
  const bool full = page.size() == static_cast<std::size_t>(limit);
  return json_response(200,
                       {{"entries", std::move(entries)}, {"next", full ? cursor_after(page.back()) : ""}});
}

void list_audit(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto query = read_audit_query(request);
  if (!query) return reply.fail(query.error());
  rooms.audit.page(
      *query, render_on_worker<std::vector<audit::Entry>>(
                  rooms, reply, [limit = query->limit](const auto& page) { return show_page(page, limit); }));
}

}  // namespace

void add_audit_routes(Routes& routes, const Rooms& rooms) {
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/audit",
                    .id = "listAudit",
                    .access = Permission::kAdminister,
                    .site = SiteOf::kEvery,
                    .query = {"from", "to", "who", "action", "instance", "site", "result", "limit", "cursor"},
                    .handler = handled_by(rooms, list_audit)});
}

}  // namespace fieldline::api
