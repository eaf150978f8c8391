#include "common/sql/whole_file.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <soci/soci.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <system_error>

#include "common/sql/guard.hpp"
#include "common/sql/session.hpp"

namespace fieldline::sql {
namespace {

// "ok", or the first thing that is wrong.
Result<std::string> first_fault(Session& session, std::string_view check) {
  return guard(session.name(), [&]() -> Result<std::string> {
    std::string fault;
    session.soci() << "PRAGMA " << check << "(1)", soci::into(fault);
    return fault;
  });
}

std::filesystem::path name_aside(const std::filesystem::path& file, Timestamp now) {
  const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(now);
  auto aside = file;
  aside += fmt::format(".damaged-{:%Y%m%dT%H%M%SZ}",
                       fmt::gmtime(static_cast<std::time_t>(seconds.time_since_epoch().count())));
  return aside;
}

Failure damaged(const std::filesystem::path& file, std::string_view fault) {
  return fail(ErrorCode::kCorrupt, fmt::format("the database is damaged: {}", fault), file.string());
}

}  // namespace

Result<> check_whole(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return {};
  auto session = Session::open("sqlite:" + file.string());
  if (!session) return fail(session.error());
  const auto all = first_fault(*session, "integrity_check");
  if (!all) return fail(all.error());
  if (*all == "ok") return {};
  const auto but_indexes = first_fault(*session, "quick_check");
  if (!but_indexes) return fail(but_indexes.error());
  if (*but_indexes != "ok") return damaged(file, *but_indexes);
  if (auto made = session->run("REINDEX"); !made) return damaged(file, made.error().message);
  const auto mended = first_fault(*session, "integrity_check");
  if (!mended) return fail(mended.error());
  return *mended == "ok" ? Result<>() : damaged(file, *mended);
}

Result<std::filesystem::path> set_aside(const std::filesystem::path& file, Timestamp now) {
  constexpr std::array<std::string_view, 3> kParts{"-wal", "-shm", ""};
  const auto aside = name_aside(file, now);
  for (const auto part : kParts) {
    const auto from = file.string().append(part);
    std::error_code error;
    if (!std::filesystem::exists(from, error)) continue;
    std::filesystem::rename(from, aside.string().append(part), error);
    if (error) return fail(ErrorCode::kIo, fmt::format("cannot rename {}: {}", from, error.message()), from);
  }
  return aside;
}

Result<std::filesystem::path> copy_log_aside(const std::filesystem::path& file, Timestamp now) {
  auto aside = name_aside(file, now);
  aside += "-wal";
  std::error_code error;
  std::filesystem::copy_file(file.string() + "-wal", aside, error);
  if (error)
    return fail(ErrorCode::kIo, fmt::format("cannot copy the log: {}", error.message()), aside.string());
  return aside;
}

}  // namespace fieldline::sql
