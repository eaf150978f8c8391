#include "coordinator/database/accounts.hpp"

#include "coordinator/database/submit.hpp"
#include "coordinator/database/time_column.hpp"

namespace fieldline::database {
namespace {

void write_user(soci::session& sql, const UserRow& user) {
  const long long created = to_column(user.created);
  const long long changed = to_column(user.changed);
  sql << "INSERT INTO users (name, password, grants, created, changed) "
         "VALUES (:name, :password, :grants, :created, :changed) "
         "ON CONFLICT (name) DO UPDATE SET password = excluded.password, grants = excluded.grants, "
         "changed = excluded.changed",
      soci::use(user.name), soci::use(user.password), soci::use(user.grants), soci::use(created),
      soci::use(changed);
}

void write_token(soci::session& sql, const TokenRow& token) {
  const long long created = to_column(token.created);
  const long long expires = to_column(token.expires);
  sql << "INSERT INTO tokens (hash, name, owner, grants, created, expires) "
         "VALUES (:hash, :name, :owner, :grants, :created, :expires)",
      soci::use(token.hash), soci::use(token.name), soci::use(token.owner), soci::use(token.grants),
      soci::use(created), soci::use(expires);
}

sql::Database::Write write_accounts(AccountChange change) {
  return [change = std::move(change)](soci::session& sql) -> Result<> {
    for (const auto& name : change.removed_tokens)
      sql << "DELETE FROM tokens WHERE name = :name", soci::use(name);
    for (const auto& name : change.removed_users)
      sql << "DELETE FROM users WHERE name = :name", soci::use(name);
    for (const auto& user : change.users) write_user(sql, user);
    for (const auto& token : change.tokens) write_token(sql, token);
    return {};
  };
}

}  // namespace

Result<std::vector<UserRow>> AccountRecords::users() {
  return database_.read_now([](soci::session& sql) {
    std::vector<UserRow> users;
    UserRow row;
    long long created = 0;
    long long changed = 0;
    soci::statement query =
        (sql.prepare << "SELECT name, password, grants, created, changed FROM users ORDER BY name",
         soci::into(row.name), soci::into(row.password), soci::into(row.grants), soci::into(created),
         soci::into(changed));
    query.execute();
    while (query.fetch()) {
      row.created = from_column(created);
      row.changed = from_column(changed);
      users.push_back(row);
    }
    return users;
  });
}

Result<std::vector<TokenRow>> AccountRecords::tokens() {
  return database_.read_now([](soci::session& sql) {
    std::vector<TokenRow> tokens;
    TokenRow row;
    long long created = 0;
    long long expires = 0;
    soci::statement query =
        (sql.prepare << "SELECT hash, name, owner, grants, created, expires FROM tokens ORDER BY name",
         soci::into(row.hash), soci::into(row.name), soci::into(row.owner), soci::into(row.grants),
         soci::into(created), soci::into(expires));
    query.execute();
    while (query.fetch()) {
      row.created = from_column(created);
      row.expires = from_column(expires);
      tokens.push_back(row);
    }
    return tokens;
  });
}

Result<> AccountRecords::save_now(const AccountChange& change) {
  return database_.write_now(write_accounts(change));
}

void AccountRecords::save(AccountChange change, std::function<void(Result<>)> done, Executor& reply_to) {
  submit(database_, write_accounts(std::move(change)), std::move(done), reply_to);
}

}  // namespace fieldline::database
