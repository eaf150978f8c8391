#include "coordinator/database/central_events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "common/base/utf8.hpp"
#include "coordinator/database/time_column.hpp"

namespace fieldline::database {
namespace {

constexpr auto kNewest = std::numeric_limits<long long>::max();

// A keyword as a pattern of LIKE that finds it anywhere, in lower case.
std::string pattern_of(std::string_view word) {
  std::string pattern = "%";
  for (const char c : word) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return pattern + "%";
}

// A place in the log, which is in order of time: ids tell events of one time apart.
struct Place {
  long long time = kNewest;
  long long id = kNewest;
};

std::string cursor_of(const Event& last) {
  return fmt::format("{}.{}", to_column(last.time), last.id);
}

Result<Place> place_of(std::string_view cursor) {
  Place place;
  if (cursor.empty()) return place;
  const auto* end = cursor.data() + cursor.size();
  const auto time = std::from_chars(cursor.data(), end, place.time);
  if (time.ec == std::errc() && time.ptr != end && *time.ptr == '.') {
    const auto id = std::from_chars(time.ptr + 1, end, place.id);
    if (id.ec == std::errc() && id.ptr == end) return place;
  }
  return fail(ErrorCode::kInvalid, "this is no cursor of events");
}

EventPage select_page(soci::session& sql, const std::string& site, const EventQuery& query,
                      const Place& before) {
  const long long from = query.from ? to_column(*query.from) : std::numeric_limits<long long>::min();
  // The bound on the time alone repeats what the pair says, so that the index can start there.
  const long long to =
      std::min(query.to ? to_column(*query.to) : kNewest, before.time == kNewest ? kNewest : before.time + 1);
  const int severity = static_cast<int>(query.severity.value_or(Severity::kDebug));
  const std::string category(query.category ? name(*query.category) : "");
  const auto word = pattern_of(query.text);
  const long long limit = query.limit + 1;
  std::string conditions =
      "site = :site AND (time, id) < (:before_time, :before_id) AND time >= :begin AND time < :finish AND "
      "severity >= :severity";
  soci::statement statement(sql);
  statement.exchange(soci::use(site, "site"));
  statement.exchange(soci::use(before.time, "before_time"));
  statement.exchange(soci::use(before.id, "before_id"));
  statement.exchange(soci::use(from, "begin"));
  statement.exchange(soci::use(to, "finish"));
  statement.exchange(soci::use(severity, "severity"));
  if (!category.empty()) {
    conditions += " AND category = :category";
    statement.exchange(soci::use(category, "category"));
  }
  if (!query.instance.empty()) {
    conditions += " AND instance = :instance";
    statement.exchange(soci::use(query.instance, "instance"));
  }
  if (!query.text.empty()) {
    conditions += " AND (lower(message) LIKE :word ESCAPE '\\' OR lower(source) LIKE :word2 ESCAPE '\\')";
    statement.exchange(soci::use(word, "word"));
    statement.exchange(soci::use(word, "word2"));
  }
  statement.exchange(soci::use(limit, "most"));
  Event row;
  std::string category_text;
  long long id = 0;
  long long time = 0;
  int severity_number = 0;
  statement.exchange(soci::into(id));
  statement.exchange(soci::into(time));
  statement.exchange(soci::into(severity_number));
  statement.exchange(soci::into(category_text));
  for (auto* text : {&row.instance, &row.source, &row.message, &row.details, &row.trace_id})
    statement.exchange(soci::into(*text));
  statement.alloc();
  statement.prepare(
      "SELECT id, time, severity, category, instance, source, message, details, trace_id "
      "FROM central_events WHERE " +
      conditions + " ORDER BY time DESC, id DESC LIMIT :most");
  statement.define_and_bind();
  statement.execute();
  EventPage page;
  while (statement.fetch()) {
    if (page.events.size() == static_cast<std::size_t>(query.limit)) {
      page.next = cursor_of(page.events.back());
      break;
    }
    row.id = id;
    row.time = from_column(time);
    row.severity = static_cast<Severity>(severity_number);
    row.category = parse_enum<Category>(category_text).value_or(Category::kDeployment);
    page.events.push_back(row);
  }
  return page;
}

}  // namespace

void write_events(soci::session& sql, const std::vector<CentralEvent>& events) {
  if (events.empty()) return;
  long long last = 0;
  sql << "SELECT COALESCE(MAX(id), 0) FROM central_events", soci::into(last);
  auto newest = events.front().event.time;
  for (const auto& [site, event] : events) {
    const long long id = ++last;
    const long long time = to_column(event.time);
    const int severity = static_cast<int>(event.severity);
    const std::string category(name(event.category));
    const auto instance = without_nul(event.instance);
    const auto source = without_nul(event.source);
    const auto message = without_nul(event.message);
    const auto details = without_nul(event.details);
    newest = std::max(newest, event.time);
    sql << "INSERT INTO central_events (id, site, time, severity, category, instance, source, message, "
           "details, trace_id) VALUES (:id, :site, :time, :severity, :category, :instance, :source, "
           ":message, "
           ":details, :trace)",
        soci::use(id), soci::use(site), soci::use(time), soci::use(severity), soci::use(category),
        soci::use(instance), soci::use(source), soci::use(message), soci::use(details),
        soci::use(event.trace_id);
  }
  // Ids rise with time, near enough: the oldest are those with the lowest.
  const long long kept_from = last - kCentralEvents;
  const long long too_old = to_column(newest - kCentralEventAge);
  sql << "DELETE FROM central_events WHERE id <= :id OR time < :time", soci::use(kept_from),
      soci::use(too_old);
}

void CentralEvents::page(const std::string& site, const EventQuery& query,
                         std::function<void(Result<EventPage>)> done, Executor& reply_to) {
  const auto before = place_of(query.cursor);
  if (!before) return reply_to.post([done = std::move(done), error = before.error()] { done(fail(error)); });
  auto taken = database_.read(
      [site, query, before = *before](soci::session& sql) { return select_page(sql, site, query, before); },
      done, reply_to);
  if (!taken)
    reply_to.post([done = std::move(done), error = std::move(taken.error())] { done(fail(error)); });
}

}  // namespace fieldline::database
