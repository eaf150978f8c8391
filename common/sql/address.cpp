#include "common/sql/address.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <sys/stat.h>

#include <cstdlib>
#include <map>
#include <memory>

#include "common/sql/limits.hpp"

namespace fieldline::sql {
namespace {

constexpr std::string_view kSqlite = "sqlite:";
constexpr std::string_view kPostgresql = "postgresql://";

using Options = std::map<std::string, std::string>;

Result<Address> parse_sqlite(std::string_view text) {
  std::string path(text.substr(kSqlite.size()));
  if (path.empty()) return fail(ErrorCode::kInvalid, "a database needs a path: give sqlite:PATH");
  // SOCI's own connection string has no escape for these.
  if (path.find_first_of(std::string_view("\"\0", 2)) != std::string::npos) {
    return fail(ErrorCode::kInvalid, "a database path may not hold a quote or a NUL byte");
  }
  return Address{Dialect::kSqlite, std::string(text), std::move(path)};
}

Result<Options> read_uri(const std::string& uri) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(
      PQconninfoParse(uri.c_str(), nullptr), &PQconninfoFree);
  // What libpq would say of it repeats parts of it, which may be a password.
  if (!parsed) {
    return fail(ErrorCode::kInvalid,
                "the address of the database can't be read: give postgresql://USER@HOST:PORT/NAME, with "
                "options as libpq knows them");
  }
  Options options;
  for (const auto* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) options.emplace(option->keyword, option->val);
  }
  return options;
}

// libpq passes over a file that others may read and connects without a password.
Result<> check_password_file(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(ErrorCode::kInvalid, fmt::format("the password file {} is not there", path));
  }
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) == 0) return {};
  return fail(ErrorCode::kInvalid, fmt::format("others may read the password file {}: chmod 600 it", path));
}

Result<> check_secrets(const Options& options) {
  if (options.contains("password") || options.contains("sslpassword")) {
    return fail(ErrorCode::kInvalid,
                "a password may not stand in the address of the database: put it into a file of libpq's "
                "format and name that with ?passfile=PATH, or with PGPASSFILE");
  }
  if (const auto file = options.find("passfile"); file != options.end()) {
    return check_password_file(file->second);
  }
  if (const char* file = std::getenv("PGPASSFILE")) return check_password_file(file);
  return {};
}

std::string name_of(const Options& options) {
  const auto value = [&](const char* keyword) {
    const auto found = options.find(keyword);
    return found == options.end() ? std::string() : found->second;
  };
  std::string name(kPostgresql);
  if (const auto user = value("user"); !user.empty()) name += user + "@";
  name += value("host");
  if (const auto port = value("port"); !port.empty()) name += ":" + port;
  return name + "/" + value("dbname");
}

std::string quoted(const std::string& value) {
  std::string text = "'";
  for (const char letter : value) {
    if (letter == '\'' || letter == '\\') text += '\\';
    text += letter;
  }
  return text + "'";
}

Result<Address> parse_postgresql(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::kInvalid, "the address of a database may not hold a NUL byte");
  }
  auto options = read_uri(std::string(text));
  if (!options) return fail(options.error());
  if (auto safe = check_secrets(*options); !safe) return fail(safe.error());
  auto name = name_of(*options);
  const auto seconds = [](auto time) { return fmt::format("{}", std::chrono::seconds(time).count()); };
  options->insert({{"connect_timeout", seconds(kConnectTimeout)},
                   {"tcp_user_timeout", fmt::format("{}", kServerSilence.count())},
                   {"keepalives_idle", seconds(kKeepaliveIdle)},
                   {"keepalives_interval", seconds(kKeepaliveInterval)},
                   {"keepalives_count", fmt::format("{}", kKeepalives)},
                   {"target_session_attrs", "read-write"},
                   {"application_name", "fieldline"}});
  options->insert_or_assign("client_encoding", "UTF8");
  std::string target;
  for (const auto& [keyword, value] : *options) target += fmt::format("{}={} ", keyword, quoted(value));
  return Address{Dialect::kPostgresql, std::move(name), std::move(target)};
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
  if (text.starts_with(kSqlite)) return parse_sqlite(text);
  if (text.starts_with(kPostgresql)) return parse_postgresql(text);
  return fail(ErrorCode::kInvalid,
              "not the address of a database: give sqlite:PATH or postgresql://USER@HOST/NAME");
}

}  // namespace fieldline::sql
