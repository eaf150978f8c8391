#include "coordinator/database/tokens.hpp"

#include "coordinator/database/submit.hpp"
#include "coordinator/database/time_column.hpp"

namespace fieldline::database {
namespace {

sql::Database::Write insert(Token token) {
  return [token = std::move(token)](soci::session& sql) -> Result<> {
    const long long created = to_column(token.created);
    sql << "INSERT INTO tokens (hash, name, created) VALUES (:hash, :name, :created)", soci::use(token.hash),
        soci::use(token.name), soci::use(created);
    return {};
  };
}

}  // namespace

Result<std::vector<Token>> Tokens::all() {
  return database_.read_now([](soci::session& sql) {
    std::vector<Token> tokens;
    Token row;
    long long created = 0;
    soci::statement query = (sql.prepare << "SELECT hash, name, created FROM tokens ORDER BY name",
                             soci::into(row.hash), soci::into(row.name), soci::into(created));
    query.execute();
    while (query.fetch()) {
      row.created = from_column(created);
      tokens.push_back(row);
    }
    return tokens;
  });
}

Result<> Tokens::add_now(const Token& token) {
  return database_.write_now(insert(token));
}

void Tokens::add(Token token, std::function<void(Result<>)> done, Executor& reply_to) {
  submit(database_, insert(std::move(token)), std::move(done), reply_to);
}

void Tokens::remove(const std::string& name, std::function<void(Result<>)> done, Executor& reply_to) {
  submit(
      database_,
      [name](soci::session& sql) -> Result<> {
        sql << "DELETE FROM tokens WHERE name = :name", soci::use(name);
        return {};
      },
      std::move(done), reply_to);
}

}  // namespace fieldline::database
