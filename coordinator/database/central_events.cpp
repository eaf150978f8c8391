#include "coordinator/database/central_events.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

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

// Events with an id below what it says.
Result<long long> place_of(const std::string& cursor) {
  if (cursor.empty()) return kNewest;
  long long below = 0;
  const auto* end = cursor.data() + cursor.size();
  const auto [at, error] = std::from_chars(cursor.data(), end, below);
  if (error != std::errc() || at != end) return fail(ErrorCode::kInvalid, "this is no cursor of events");
  return below;
}

EventPage select_page(soci::session& sql, const std::string& site, const EventQuery& query, long long below) {
  const long long from = query.from ? to_column(*query.from) : std::numeric_limits<long long>::min();
  const long long to = query.to ? to_column(*query.to) : kNewest;
  const int severity = static_cast<int>(query.severity.value_or(Severity::kDebug));
  const std::string category(query.category ? name(*query.category) : "");
  const auto word = pattern_of(query.text);
  const long long limit = query.limit + 1;
  std::string conditions =
      "site = :site AND id < :below AND time >= :begin AND time < :finish AND severity >= :severity";
  soci::statement statement(sql);
  statement.exchange(soci::use(site, "site"));
  statement.exchange(soci::use(below, "below"));
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
      conditions + " ORDER BY id DESC LIMIT :most");
  statement.define_and_bind();
  statement.execute();
  EventPage page;
  while (statement.fetch()) {
    if (page.events.size() == static_cast<std::size_t>(query.limit)) {
      page.next = std::to_string(page.events.back().id);
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
    newest = std::max(newest, event.time);
    sql << "INSERT INTO central_events (id, site, time, severity, category, instance, source, message, "
           "details, trace_id) VALUES (:id, :site, :time, :severity, :category, :instance, :source, "
           ":message, "
           ":details, :trace)",
        soci::use(id), soci::use(site), soci::use(time), soci::use(severity), soci::use(category),
        soci::use(event.instance), soci::use(event.source), soci::use(event.message),
        soci::use(event.details), soci::use(event.trace_id);
  }
  // Ids rise with time, near enough: the oldest are those with the lowest.
  const long long kept_from = last - kCentralEvents;
  const long long too_old = to_column(newest - kCentralEventAge);
  sql << "DELETE FROM central_events WHERE id <= :id OR time < :time", soci::use(kept_from),
      soci::use(too_old);
}

void CentralEvents::page(const std::string& site, const EventQuery& query,
                         std::function<void(Result<EventPage>)> done, Executor& reply_to) {
  const auto below = place_of(query.cursor);
  if (!below) return reply_to.post([done = std::move(done), error = below.error()] { done(fail(error)); });
  auto taken = database_.read(
      [site, query, below = *below](soci::session& sql) { return select_page(sql, site, query, below); },
      done, reply_to);
  if (!taken)
    reply_to.post([done = std::move(done), error = std::move(taken.error())] { done(fail(error)); });
}

}  // namespace fieldline::database
