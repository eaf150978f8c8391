#include "agent/events/event_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "agent/events/limits.hpp"

namespace fieldline::events {
namespace {

constexpr std::string_view kNewestFirst = " ORDER BY time DESC, id DESC ";

std::int64_t micros(Timestamp time) {
  return time.time_since_epoch().count();
}

// A keyword as a pattern of LIKE that finds it anywhere.
std::string like_pattern(std::string_view word) {
  std::string pattern = "%";
  for (const char c : word) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + "%";
}

// The WHERE clause of a query with the values it names. The conditions that an index answers stand
// apart from those for which rows must be looked at.
class Conditions {
 public:
  Conditions(const EventQuery& query, const std::optional<Position>& before) : query_(query) {
    indexed_ = "time >= :from AND time < :to";
    if (query.from) from_ = micros(*query.from);
    if (query.to) to_ = micros(*query.to);
    if (before) start_before(*before);
    if (!query.instance.empty()) narrow(indexed_, "instance = :instance");
    if (query.severity) narrow(looked_at_, "severity >= :severity");
    if (query.category) narrow(looked_at_, "category = :category");
    if (!query.text.empty()) {
      narrow(looked_at_, "(message LIKE :word ESCAPE '\\' OR source LIKE :word ESCAPE '\\')");
      word_ = like_pattern(query.text);
    }
  }

  // The page ends with this row at the latest.
  void end_at(const Position& last) {
    narrow(looked_at_, "(time, id) >= (:last_time, :last_id)");
    last_ = last;
    from_ = std::max(from_, last.time);
  }

  [[nodiscard]] const std::string& indexed() const { return indexed_; }
  [[nodiscard]] bool looks_at_rows() const { return !looked_at_.empty(); }
  [[nodiscard]] std::string all() const {
    return looked_at_.empty() ? indexed_ : indexed_ + " AND " + looked_at_;
  }

  void bind_indexed(soci::statement& statement) {
    statement.exchange(soci::use(from_, "from"));
    statement.exchange(soci::use(to_, "to"));
    if (before_) {
      statement.exchange(soci::use(before_->time, "before_time"));
      statement.exchange(soci::use(before_->id, "before_id"));
    }
    if (!query_.instance.empty()) statement.exchange(soci::use(query_.instance, "instance"));
  }
  void bind_all(soci::statement& statement) {
    bind_indexed(statement);
    if (query_.severity) statement.exchange(soci::use(severity_, "severity"));
    if (query_.category) statement.exchange(soci::use(category_, "category"));
    if (!word_.empty()) statement.exchange(soci::use(word_, "word"));
    if (last_) {
      statement.exchange(soci::use(last_->time, "last_time"));
      statement.exchange(soci::use(last_->id, "last_id"));
    }
  }

 private:
  // The bound on `time` alone repeats what the pair says, because the index can start from it: else each
  // page would walk over all the pages before it.
  void start_before(const Position& before) {
    narrow(indexed_, "(time, id) < (:before_time, :before_id)");
    before_ = before;
    if (before.time < to_) to_ = before.time + 1;
  }

  static void narrow(std::string& conditions, std::string_view condition) {
    if (!conditions.empty()) conditions += " AND ";
    conditions += condition;
  }

  const EventQuery& query_;
  std::string indexed_;
  std::string looked_at_;
  std::int64_t from_ = std::numeric_limits<std::int64_t>::min();
  std::int64_t to_ = std::numeric_limits<std::int64_t>::max();
  std::optional<Position> before_;
  std::optional<Position> last_;
  int severity_ = static_cast<int>(query_.severity.value_or(Severity::kDebug));
  int category_ = static_cast<int>(query_.category.value_or(Category::kSystem));
  std::string word_;
};

void run(soci::statement& statement, const std::string& text) {
  statement.alloc();
  statement.prepare(text);
  statement.define_and_bind();
  statement.execute();
}

// The last row that this page may look at; none when the log ends before that.
std::optional<Position> scan_end(soci::session& sql, Conditions& conditions) {
  Position end;
  soci::statement statement(sql);
  conditions.bind_indexed(statement);
  statement.exchange(soci::into(end.time));
  statement.exchange(soci::into(end.id));
  run(statement, fmt::format("SELECT time, id FROM events WHERE {}{}LIMIT 1 OFFSET {}", conditions.indexed(),
                             kNewestFirst, kPageScan - 1));
  return statement.fetch() ? std::optional(end) : std::nullopt;
}

std::size_t wire_size(const Event& event) {
  return kEventOverhead + event.details.size() + event.instance.size() + event.message.size() +
         event.node.size() + event.source.size() + event.trace_id.size();
}

Position position_of(const Event& event) {
  return {micros(event.time), event.id};
}

}  // namespace

std::string to_cursor(const Position& position) {
  return fmt::format("{}.{}", position.time, position.id);
}

Result<Position> parse_cursor(std::string_view cursor) {
  Position position;
  const auto* end = cursor.data() + cursor.size();
  const auto time = std::from_chars(cursor.data(), end, position.time);
  if (time.ec == std::errc() && time.ptr != end && *time.ptr == '.') {
    const auto id = std::from_chars(time.ptr + 1, end, position.id);
    if (id.ec == std::errc() && id.ptr == end) return position;
  }
  return fail(ErrorCode::kInvalid, "the cursor is not one of this log: start again without it");
}

void insert_events(soci::session& sql, const std::vector<Event>& events) {
  Event event;
  std::int64_t time = 0;
  int severity = 0;
  int category = 0;
  soci::statement insert =
      (sql.prepare
           << "INSERT INTO events (time, severity, category, instance, source, message, details, node, "
              "trace_id) VALUES (:time, :severity, :category, :instance, :source, :message, :details, "
              ":node, :trace_id)",
       soci::use(time), soci::use(severity), soci::use(category), soci::use(event.instance),
       soci::use(event.source), soci::use(event.message), soci::use(event.details), soci::use(event.node),
       soci::use(event.trace_id));
  for (const auto& next : events) {
    event = next;
    time = micros(next.time);
    severity = static_cast<int>(next.severity);
    category = static_cast<int>(next.category);
    insert.execute(true);
  }
}

EventPage select_page(soci::session& sql, const EventQuery& query, const std::optional<Position>& before) {
  Conditions conditions(query, before);
  const auto last = conditions.looks_at_rows() ? scan_end(sql, conditions) : std::nullopt;
  if (last) conditions.end_at(*last);
  const auto limit = std::clamp<std::int64_t>(query.limit, 1, kPageEvents);
  Event event;
  Position position;
  int severity = 0;
  int category = 0;
  soci::statement statement(sql);
  conditions.bind_all(statement);
  statement.exchange(soci::into(position.id));
  statement.exchange(soci::into(position.time));
  statement.exchange(soci::into(severity));
  statement.exchange(soci::into(category));
  for (auto* text :
       {&event.instance, &event.source, &event.message, &event.details, &event.node, &event.trace_id}) {
    statement.exchange(soci::into(*text));
  }
  run(statement,
      fmt::format("SELECT id, time, severity, category, instance, source, message, details, node, trace_id "
                  "FROM events WHERE {}{}LIMIT {}",
                  conditions.all(), kNewestFirst, limit + 1));

  EventPage page;
  std::size_t bytes = 0;
  while (statement.fetch()) {
    event.id = position.id;
    event.time = Timestamp(Duration(position.time));
    event.severity = static_cast<Severity>(severity);
    event.category = static_cast<Category>(category);
    bytes += wire_size(event);
    const bool full = page.events.size() == static_cast<std::size_t>(limit) || bytes > kPageBytes;
    if (full && !page.events.empty()) {
      page.next = to_cursor(position_of(page.events.back()));
      return page;
    }
    page.events.push_back(event);
  }
  if (last) page.next = to_cursor(*last);
  return page;
}

std::int64_t delete_oldest(soci::session& sql, const std::optional<Timestamp>& before) {
  const auto cutoff = before ? micros(*before) : std::numeric_limits<std::int64_t>::max();
  const auto most = static_cast<std::int64_t>(kPurgeRows);
  soci::statement purge =
      (sql.prepare << "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE time < "
                      ":cutoff ORDER BY time, id LIMIT :most)",
       soci::use(cutoff), soci::use(most));
  purge.execute(true);
  return purge.get_affected_rows();
}

std::int64_t used_bytes(soci::session& sql) {
  std::int64_t bytes = 0;
  sql << "SELECT (p.page_count - f.freelist_count) * s.page_size FROM pragma_page_count AS p, "
         "pragma_freelist_count AS f, pragma_page_size AS s",
      soci::into(bytes);
  return bytes;
}

}  // namespace fieldline::events
